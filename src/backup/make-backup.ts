// Makes a backup: first the database as it is at one moment, then the blobs that it names, then the one file that says so.
import { randomUUID } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import type { BackupFolder, BackupRecord, DamagedBlob, DatabaseCopies } from '../ports/backup.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Queryable } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { countStoredBlobs, isStoredBlob } from '../tables/blobs.ts';
import { releaseCollection } from '../tables/collection-holds.ts';
import type { BackupProgress } from './backup-progress.ts';
import { type AddedBlobs, copyBlobs } from './copy-blobs.ts';
import { whileCollectionIsHeld } from './held-collection.ts';

export const DATABASE_FILE = 'chartroom.db';
/** Blobs that may go from a backup whatever there is otherwise. */
const FEW = 10;
/** How often it is begun again, with what is copied so far, when garbage collection has taken what was to be copied. */
const ATTEMPTS = 5;

interface BackupSource {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Where a file of the data folder is. */
  pathOf(name: string): string;
  /** What else there is that cannot be made again. */
  readonly otherFiles: readonly string[];
}

interface BackupTarget {
  readonly folder: BackupFolder;
  readonly blobs: BlobStore;
}

interface BackupParts {
  readonly source: BackupSource;
  readonly target: BackupTarget;
  readonly copies: DatabaseCopies;
  readonly clock: Clock;
  /** of Chartroom */
  readonly version: string;
  /** of the hold on garbage collection; the same for every backup to the folder */
  readonly holdId: string;
  /** Whether blobs that are in the backup already are read again, and copied again where they are damaged. */
  readonly checksAll: boolean;
  onProgress(progress: BackupProgress): void;
}

export interface MadeBackup {
  readonly record: BackupRecord;
  /** What was not in the folder before. */
  readonly added: AddedBlobs;
  /** What the registry has damaged or lost, and the backup has still from before. */
  readonly onlyHere: readonly DamagedBlob[];
  readonly removedBlobs: number;
  /** What nothing names any more, and was left since it is most of the backup. */
  readonly leftBlobs: number;
}

/**
 * Not to be called twice at once for one folder.
 * @throws StorageUnusable when the copy of the database is damaged, or garbage collection has taken what it names again and again: the
 * backup before it stays
 */
export async function makeBackup(parts: BackupParts): Promise<MadeBackup> {
  const { source, target, clock } = parts;
  const former = await target.folder.readRecord();
  const discardHalves = () => target.folder.discardOthers(former?.folder ?? '');
  for await (const upload of target.blobs.listUploads()) await target.blobs.discard(upload);
  return await whileCollectionIsHeld({ database: source.database, clock, id: parts.holdId }, async () => {
    const added = { count: 0, bytes: 0 };
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      // What a backup left that was cut off, or came too late.
      await discardHalves();
      const tried = await tryToMake(parts);
      added.count += tried.added.count;
      added.bytes += tried.added.bytes;
      if (tried.isComplete) return { ...tried.made, added };
    }
    await discardHalves();
    throw new StorageUnusable(
      'garbage collection took away blobs while they were copied, and could not be held off, since the disk of the data folder is full: make room on it, or back up again when garbage collection has ended; the backup before this one stays',
    );
  });
}

/** Not complete where the database's copy names what garbage collection has taken since. */
type Attempt = { readonly added: AddedBlobs } & (
  | { readonly isComplete: false }
  | { readonly isComplete: true; readonly made: Omit<MadeBackup, 'added'> }
);

async function tryToMake(parts: BackupParts): Promise<Attempt> {
  const { source, target, clock } = parts;
  const startedAt = clock.now();
  const folder = `copy-${isoTime(startedAt).replace(/[-:.]/g, '')}-${randomUUID().slice(0, 8)}`;
  await target.folder.begin(folder);
  await copyDatabase(parts, folder);
  const copy = parts.copies.open(target.folder.pathOf(folder, DATABASE_FILE));
  try {
    const blobs = await countStoredBlobs(copy);
    const { damaged, gone, onlyHere, added } = await copyBlobs({
      from: source.blobs,
      to: target.blobs,
      copy,
      live: source.database,
      checksAll: parts.checksAll,
      onProgress: (done) => parts.onProgress({ stage: 'blobs', done, count: blobs.count }),
    });
    if (gone > 0) return { added, isComplete: false };
    const others = await copyOtherFiles(parts, folder);
    const files = await Promise.all([DATABASE_FILE, ...others].map((name) => measure(parts, folder, name)));
    const times = { startedAt: isoTime(startedAt), completedAt: isoTime(clock.now()) };
    const record = { format: 1, ...times, version: parts.version, folder, files, blobs, damaged } as const;
    await target.folder.complete(record);
    await target.folder.discardOthers(folder);
    const discarded = await discardUnnamed(target.blobs, copy, blobs.count);
    return { added, isComplete: true, made: { record, onlyHere, ...discarded } };
  } finally {
    copy.close();
  }
}

async function copyDatabase({ source, target, copies, holdId, ...parts }: BackupParts, folder: string): Promise<void> {
  const path = target.folder.pathOf(folder, DATABASE_FILE);
  await copies.copy(source.pathOf(DATABASE_FILE), path, (done) => parts.onProgress({ stage: 'database', done }));
  // Nobody who restores it copies anything.
  await copies.change(path, (tx) => releaseCollection(tx, holdId));
  const { damaged, dangling } = copies.check(path);
  const [problem, ...more] = [...damaged, ...dangling];
  if (problem !== undefined) {
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new StorageUnusable(
      `the database is damaged (${problem}${others}), so that the backup before this one stays: run "chartroom verify", and restore that backup`,
    );
  }
  await target.folder.seal(folder, DATABASE_FILE);
}

async function copyOtherFiles({ source, target }: BackupParts, folder: string): Promise<readonly string[]> {
  const copied: string[] = [];
  for (const name of source.otherFiles) {
    if (await target.folder.add(folder, source.pathOf(name), name)) copied.push(name);
  }
  return copied;
}

async function measure({ target }: BackupParts, folder: string, name: string) {
  const file = await target.folder.measure(folder, name);
  if (!file) throw new Error(`${target.folder.pathOf(folder, name)} was taken away while the backup was made`);
  return file;
}

/**
 * Only when the new backup is complete: what the one before it needs is there until then. Where most of it would go, it is left:
 * rather than so much deleted on purpose, the registry may have lost its database, or have an older one.
 */
async function discardUnnamed(
  blobs: BlobStore,
  copy: Queryable,
  named: number,
): Promise<Pick<MadeBackup, 'leftBlobs' | 'removedBlobs'>> {
  const unnamed: Digest[] = [];
  for await (const digest of blobs.list()) if (!(await isStoredBlob(copy, digest))) unnamed.push(digest);
  if (unnamed.length > Math.max(named, FEW)) return { leftBlobs: unnamed.length, removedBlobs: 0 };
  for (const digest of unnamed) await blobs.delete(digest);
  return { leftBlobs: 0, removedBlobs: unnamed.length };
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
