// Copies the blobs that a database names to where they are not yet.
import type { DamagedBlob } from '../ports/backup.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Queryable } from '../ports/database.ts';
import { inspectStored } from '../registry/check-blob.ts';
import { DAMAGE_WORDS, type Damage } from '../registry/record-damage.ts';
import { type BlobCheckRow, findBlobCheck } from '../tables/blob-checks.ts';
import type { StoredBlob } from '../tables/blobs.ts';
import { copyBlob } from './copy-blob.ts';
import { byDigest, describeDamage, findDamagedBlobs } from './named-blobs.ts';

interface CopyParts {
  readonly from: BlobStore;
  readonly to: BlobStore;
  /** The copy of the database. */
  readonly copy: Queryable;
  /** The database itself, which goes on. */
  readonly live: Queryable;
  /** Whether blobs that are there already are read again, and copied again where they are damaged. */
  readonly checksAll: boolean;
  onProgress(done: number): void;
}

interface CopiedBlobs {
  /** What could not be copied. */
  readonly damaged: readonly DamagedBlob[];
  /** How many could not be copied since garbage collection took them: then the copy of the database is too old. */
  readonly gone: number;
  /** What is damaged where it comes from, or lost, and was copied before. */
  readonly onlyHere: readonly DamagedBlob[];
  /** What was not there before. */
  readonly added: AddedBlobs;
}

export interface AddedBlobs {
  readonly count: number;
  readonly bytes: number;
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
  const onlyHere: DamagedBlob[] = [];
  const attempt = async (blob: BlobCheckRow): Promise<Damage | undefined> => {
    if (!(await isThere(parts, blob))) return await copyOne(blob);
    const lost = await lookAtSource(parts, blob);
    if (lost === undefined) return undefined;
    // Whoever is told that it is sound here will rely on that.
    if ((await inspectStored(to, blob)) !== undefined) return lost;
    onlyHere.push(await describeDamage(copy, blob.digest, lost));
    return undefined;
  };
  const damaged: DamagedBlob[] = [];
  let gone = 0;
  // A push may have been putting its bytes there just then, in the place of those that garbage collection or damage took.
  for (const failed of await findDamagedBlobs(copy, attempt, parts.onProgress)) {
    const blob = await findBlobCheck(copy, failed.digest);
    const damage = blob && (await copyOne(blob));
    if (!blob || damage === undefined) continue;
    if (!(await findBlobCheck(parts.live, failed.digest))) {
      gone += 1;
      continue;
    }
    // Bytes come before their row: what was missing may have been pushed between the two looks.
    const last = damage === 'missing' ? await copyOne(blob) : damage;
    if (last !== undefined) damaged.push({ ...failed, problem: DAMAGE_WORDS[last] });
  }
  return { damaged, gone, onlyHere: onlyHere.toSorted(byDigest), added };
}

/** A blob never changes: one that is in a backup with its whole size was copied into it. */
async function isThere({ to, checksAll }: CopyParts, blob: StoredBlob): Promise<boolean> {
  if ((await to.size(blob.digest)) !== blob.size) return false;
  return !checksAll || (await inspectStored(to, blob)) === undefined;
}

/** Reads only what is known to be damaged, or has another size: to read all of it each night is the business of its own check. */
async function lookAtSource({ from, live }: CopyParts, blob: BlobCheckRow): Promise<Damage | undefined> {
  if (blob.damagedAt === null && (await sizeIn(from, blob)) === blob.size) return undefined;
  const damage = await inspectStored(from, blob);
  // What was deleted meanwhile is not missed.
  return damage !== undefined && (await findBlobCheck(live, blob.digest)) ? damage : undefined;
}

/** Undefined also when the disk cannot say. */
async function sizeIn(blobs: BlobStore, { digest }: StoredBlob): Promise<number | undefined> {
  return await blobs.size(digest).catch(() => undefined);
}
