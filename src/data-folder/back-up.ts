// Puts backup and restoration together, for commands: of the data folder's parts and the folder that holds the backup.
import { join, relative, resolve } from 'node:path';
import { BACKUP_LOCK, makeBackupFolder, openBackupFolder } from '../adapters/backup-folder.ts';
import { blobFile, openDiskBlobStore, readDiskBlobStore } from '../adapters/disk-blob-store.ts';
import { lockFolder } from '../adapters/folder-lock.ts';
import { readMigrations } from '../adapters/migration-files.ts';
import { beginRestoredFolder } from '../adapters/restored-folder.ts';
import { SIGNING_KEYS_FILE } from '../adapters/signing-keys-file.ts';
import { sqliteCopies } from '../adapters/sqlite-copies.ts';
import { openSqliteDatabase } from '../adapters/sqlite-database.ts';
import type { BackupProgress } from '../backup/backup-progress.ts';
import { type MadeBackup, makeBackup } from '../backup/make-backup.ts';
import { isGoodBackup, recordBackup } from '../backup/record-backup.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { requireSoundFiles, type VerifiedBackup, verifyBackup as verifyKept } from '../backup/verify-backup.ts';
import type { Config } from '../config/schema.ts';
import { VERSION } from '../config/version.ts';
import { databasePath, requireRegistry } from '../core.ts';
import type { DamagedBlob } from '../ports/backup.ts';
import { type Clock, systemClock } from '../ports/clock.ts';
import { isForLackOfRoom, StorageUnusable, storageError } from '../ports/storage-unusable.ts';
import { requireMigrated } from '../tables/migrate.ts';

export type OnProgress = (progress: BackupProgress) => void;

const ONE_BACKUP = {
  name: BACKUP_LOCK,
  refusal: (folder: string) => `another backup to ${folder} is under way: let it end, or stop it first`,
};

/** A blob that the backup has, and the registry has damaged or lost. */
export interface KeptBlob extends DamagedBlob {
  /** Where it lies in the backup, and has to lie in the data folder: a path within them. */
  readonly file: string;
}

export interface RecordedBackup extends MadeBackup {
  readonly onlyHere: readonly KeptBlob[];
  /** Whether nothing is missing from it. */
  readonly isGood: boolean;
  /** Why the registry has no record of it; undefined when it has. */
  readonly unrecorded: string | undefined;
}

/**
 * Backs up the data folder, whose server may run, to a folder that holds one backup: this one, as soon as it is complete.
 * @param options.checksAll whether blobs that are in the backup already are read again, and replaced where they are damaged
 * @param options.operator who backs up, for the record
 * @throws StorageUnusable
 */
export async function backUp(
  config: Config,
  folder: string,
  options: { readonly checksAll: boolean; readonly onProgress: OnProgress; readonly operator?: string },
  clock: Clock = systemClock,
): Promise<RecordedBackup> {
  await requireRegistry(config);
  requireApart(config.dataDir, folder);
  await using opened = new AsyncDisposableStack();
  const database = opened.adopt(openSqliteDatabase(databasePath(config)), (each) => each.close());
  await requireMigrated(database, await readMigrations(database.dialect));
  const source = {
    database,
    blobs: await openDiskBlobStore(config.dataDir),
    pathOf: (name: string) => join(config.dataDir, name),
    otherFiles: [SIGNING_KEYS_FILE],
  };
  const made = await writingTo(folder, async () => {
    await makeBackupFolder(folder);
    using _lock = lockFolder(folder, ONE_BACKUP);
    return await makeBackup({
      source,
      target: { folder: openBackupFolder(folder), blobs: await openDiskBlobStore(folder) },
      copies: sqliteCopies,
      clock,
      version: VERSION,
      holdId: `backup to ${resolve(folder)}`,
      ...options,
    });
  });
  const unrecorded = await recordBackup({ database, clock }, options.operator ?? 'operator', made);
  const isGood = isGoodBackup(made);
  return {
    ...made,
    isGood,
    onlyHere: made.onlyHere.map((blob) => ({ ...blob, file: blobFile(blob.digest) })),
    unrecorded,
  };
}

/** Says that it is the backup's folder that has no room, whichever part of it has found so: the data folder is only read meanwhile. */
async function writingTo<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const cause = storageError(error);
    if (!isForLackOfRoom(cause)) throw error;
    throw new StorageUnusable(
      `the backup to ${folder} was cut off: no room is left there; the backup before it is as it was, make room and back up again`,
      { cause, trouble: 'full' },
    );
  }
}

/** Reads all of a backup and changes nothing in it. @throws StorageUnusable when there is none, or its database is damaged */
export async function verifyBackup(folder: string, onProgress: OnProgress): Promise<VerifiedBackup> {
  return await verifyKept(keptBackup(folder), onProgress);
}

/**
 * Makes a data folder of a backup.
 * @param options.acceptsDamage whether it goes on when blobs of the backup are damaged
 * @throws StorageUnusable when there is something in the data folder, or the backup cannot be used
 */
export async function restore(
  config: Config,
  folder: string,
  options: { readonly acceptsDamage: boolean; readonly onProgress: OnProgress },
  clock: Clock = systemClock,
): Promise<VerifiedBackup> {
  requireApart(config.dataDir, folder);
  // Before anything is made: most likely another folder was meant.
  const backup = keptBackup(folder);
  const record = await requireSoundFiles(backup);
  const restored = await beginRestoredFolder(config.dataDir);
  using _lock = lockFolder(config.dataDir);
  const blobs = await openDiskBlobStore(config.dataDir);
  return await restoreBackup({ backup, record, restored, blobs, clock, ...options });
}

function keptBackup(folder: string) {
  return { folder: openBackupFolder(folder), blobs: readDiskBlobStore(folder), copies: sqliteCopies };
}

function requireApart(dataDir: string, folder: string): void {
  const [data, backup] = [resolve(dataDir), resolve(folder)];
  if (!isWithin(data, backup) && !isWithin(backup, data)) return;
  throw new StorageUnusable(
    `the backup ${backup} and the data folder ${data} must not be in one another: what damages one would damage both; name a folder elsewhere, on another disk if there is one`,
  );
}

function isWithin(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path === '' || !(path === '..' || path.startsWith('../'));
}
