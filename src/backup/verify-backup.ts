// Reads all of a backup, and says what in it is not as it was when it was made.
import type { BackupFolder, BackupRecord, DamagedBlob, DatabaseCopies } from '../ports/backup.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { inspectStored } from '../registry/check-blob.ts';
import type { BackupProgress } from './backup-progress.ts';
import { DATABASE_FILE } from './make-backup.ts';
import { findDamagedBlobs } from './named-blobs.ts';

export interface KeptBackup {
  readonly folder: BackupFolder;
  readonly blobs: BlobStore;
  readonly copies: DatabaseCopies;
}

export interface VerifiedBackup {
  readonly record: BackupRecord;
  readonly damaged: readonly DamagedBlob[];
}

/** Only reads. @throws StorageUnusable when there is none, or one of its files, without which it is none, is damaged */
export async function verifyBackup(
  { folder, blobs, copies }: KeptBackup,
  onProgress: (progress: BackupProgress) => void,
): Promise<VerifiedBackup> {
  const record = await requireSoundFiles({ folder, blobs, copies });
  const copy = copies.open(folder.pathOf(record.folder, DATABASE_FILE));
  try {
    const { count } = record.blobs;
    const damaged = await findDamagedBlobs(
      copy,
      (blob) => inspectStored(blobs, blob),
      (done) => onProgress({ stage: 'blobs', done, count }),
    );
    return { record, damaged };
  } finally {
    copy.close();
  }
}

/** @throws StorageUnusable */
export async function requireSoundFiles({ folder, copies }: KeptBackup): Promise<BackupRecord> {
  const record = await folder.readRecord();
  if (!record) {
    throw new StorageUnusable(
      `there is no backup in ${folder.pathOf('', '')}: name the folder that "chartroom backup" was given, in which there is a file backup.json`,
    );
  }
  for (const { name, sha256 } of record.files) {
    const found = await folder.measure(record.folder, name);
    const path = folder.pathOf(record.folder, name);
    if (!found) throw unusable(path, 'is missing');
    if (found.sha256 !== sha256) throw unusable(path, 'is damaged: it is not what was backed up');
  }
  const database = folder.pathOf(record.folder, DATABASE_FILE);
  const { damaged, dangling } = copies.check(database);
  const [problem] = [...damaged, ...dangling];
  if (problem !== undefined) throw unusable(database, `is damaged: ${problem}`);
  return record;
}

function unusable(path: string, what: string): StorageUnusable {
  return new StorageUnusable(`${path} ${what}: use another backup, or an older copy of this one`);
}
