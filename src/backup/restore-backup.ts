// Makes a data folder out of a backup: everything is checked on the way, and the folder counts only when all of it is there.
import type { BackupRecord, DamagedBlob, RestoredFolder } from '../ports/backup.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import {
  type BlobCheckRow,
  findBlobCheck,
  listDamagedBlobs,
  markBlobDamaged,
  noteSoundBlob,
} from '../tables/blob-checks.ts';
import { pagesOf } from '../tables/pages.ts';
import type { BackupProgress } from './backup-progress.ts';
import { copyBlob } from './copy-blob.ts';
import { DATABASE_FILE } from './make-backup.ts';
import { findDamagedBlobs } from './named-blobs.ts';
import type { KeptBackup, VerifiedBackup } from './verify-backup.ts';

const PAGE = 1_000;

interface RestoreParts {
  readonly backup: KeptBackup;
  /** Whose files were found to be sound. */
  readonly record: BackupRecord;
  readonly restored: RestoredFolder;
  /** of the folder that is made */
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Whether it goes on when blobs of the backup are damaged; they are noted as such in the restored database. */
  readonly acceptsDamage: boolean;
  onProgress(progress: BackupProgress): void;
}

/** The folder stays marked as not whole when blobs are damaged and that is not accepted. @throws StorageUnusable */
export async function restoreBackup(parts: RestoreParts): Promise<VerifiedBackup> {
  const { backup, record, restored, acceptsDamage } = parts;
  const damaged = await restoreBlobs(parts);
  if (damaged.length > 0 && !acceptsDamage) return { record, damaged };
  for (const { name, sha256 } of record.files) {
    const copied = await restored.add(backup.folder.pathOf(record.folder, name), name);
    if (copied.sha256 !== sha256) throw new StorageUnusable(`${name} could not be read as it was backed up: try again`);
  }
  await noteWhatIsDamaged(parts, damaged);
  await restored.finish();
  return { record, damaged };
}

async function restoreBlobs({ backup, record, blobs, onProgress }: RestoreParts): Promise<readonly DamagedBlob[]> {
  const copy = backup.copies.open(backup.folder.pathOf(record.folder, DATABASE_FILE));
  try {
    const { count } = record.blobs;
    return await findDamagedBlobs(
      copy,
      (blob) => copyBlob(backup.blobs, blobs, blob),
      (done) => onProgress({ stage: 'blobs', done, count }),
    );
  } finally {
    copy.close();
  }
}

/** The registry may have known of damage when it was backed up: all but what the backup lacks as well is sound again. */
async function noteWhatIsDamaged(
  { backup, restored, clock }: RestoreParts,
  damaged: VerifiedBackup['damaged'],
): Promise<void> {
  await backup.copies.change(restored.pathOf(DATABASE_FILE), async (tx) => {
    const now = clock.now();
    const known = (last: BlobCheckRow | undefined) => listDamagedBlobs(tx, last?.digest ?? '', PAGE);
    for await (const page of pagesOf(known)) for (const row of page) await noteSoundBlob(tx, row, now);
    for (const { digest } of damaged) {
      const row = await findBlobCheck(tx, digest);
      if (row) await markBlobDamaged(tx, row, now);
    }
  });
}
