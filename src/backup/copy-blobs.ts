// Copies the blobs that a database names to where they are not yet.
import type { DamagedBlob } from '../ports/backup.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Queryable } from '../ports/database.ts';
import { inspectStored } from '../registry/check-blob.ts';
import { DAMAGE_WORDS, type Damage } from '../registry/record-damage.ts';
import { findBlobCheck } from '../tables/blob-checks.ts';
import type { StoredBlob } from '../tables/blobs.ts';
import { copyBlob } from './copy-blob.ts';
import { findDamagedBlobs } from './named-blobs.ts';

interface CopyParts {
  readonly from: BlobStore;
  readonly to: BlobStore;
  /** The copy of the database. */
  readonly copy: Queryable;
  /** Whether blobs that are there already are read again, and copied again where they are damaged. */
  readonly checksAll: boolean;
  onProgress(done: number): void;
}

interface CopiedBlobs {
  /** What could not be copied. */
  readonly damaged: readonly DamagedBlob[];
  /** What was not there before. */
  readonly added: { readonly count: number; readonly bytes: number };
}

export async function copyBlobs(parts: CopyParts): Promise<CopiedBlobs> {
  const { from, to, copy } = parts;
  const added = { count: 0, bytes: 0 };
  const copyOne = async (blob: StoredBlob): Promise<Damage | undefined> => {
    const damage = await copyBlob(from, to, blob);
    if (damage !== undefined) return damage;
    added.count += 1;
    added.bytes += blob.size;
    return undefined;
  };
  const attempt = async (blob: StoredBlob) => ((await isThere(parts, blob)) ? undefined : await copyOne(blob));
  const damaged: DamagedBlob[] = [];
  // A push may have been putting its bytes there just then, in the place of those that garbage collection or damage took.
  for (const failed of await findDamagedBlobs(copy, attempt, parts.onProgress)) {
    const blob = await findBlobCheck(copy, failed.digest);
    const damage = blob && (await copyOne(blob));
    if (damage !== undefined) damaged.push({ ...failed, problem: DAMAGE_WORDS[damage] });
  }
  return { damaged, added };
}

/** A blob never changes: one that is in a backup with its whole size was copied into it. */
async function isThere({ to, checksAll }: CopyParts, blob: StoredBlob): Promise<boolean> {
  if ((await to.size(blob.digest)) !== blob.size) return false;
  return !checksAll || (await inspectStored(to, blob)) === undefined;
}
