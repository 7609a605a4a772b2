// Checks whether the stored bytes of a blob are what they should be, and sees to it that damaged ones are given to nobody.
import { algorithmOf, type Digest, finishHash, startHash } from '../oci/digest.ts';
import { type BlobStore, type StoredBytes, UnreadableBytes } from '../ports/blob-store.ts';
import type { BlobCheckRow } from '../tables/blob-checks.ts';
import { findBlobCheck } from '../tables/blob-checks.ts';
import type { StoredBlob } from '../tables/blobs.ts';
import { type Damage, type DamageRecords, recordDamage } from './record-damage.ts';

export type BlobCheck =
  /** What is stored has the digest; nothing has been recorded. */
  | { readonly kind: 'sound' }
  | {
      readonly kind: 'damaged';
      readonly damage: Damage;
      /** Whether it was known before. */
      readonly isKnown: boolean;
    }
  /** It was pushed again, or is no longer wanted, since the row was read: there is nothing to say of it. */
  | { readonly kind: 'changed' };

export interface CheckDependencies extends DamageRecords {
  readonly blobs: BlobStore;
}

/** Told of each piece that was read: how many bytes it has; may keep the next one waiting. */
export type OnBytes = (bytes: number) => Promise<void> | void;

const NO_PACE: OnBytes = () => undefined;

/**
 * Reads the bytes of a blob. What is damaged is set aside and recorded, and answered as if it were not there until it is
 * pushed again. The order is: set aside, then mark; a push that comes in between clears no mark, but changes `checkedAt`, so
 * that none is set. A crash in between leaves a blob without bytes, which the next check, or the next reader, records.
 */
export async function checkBlob(
  dependencies: CheckDependencies,
  row: BlobCheckRow,
  onBytes: OnBytes = NO_PACE,
): Promise<BlobCheck> {
  const { blobs } = dependencies;
  const { damage, mark } = await findDamage(blobs, row, onBytes);
  if (damage === undefined) return { kind: 'sound' };
  if (damage === 'missing' && (await isSoundAside(blobs, row, onBytes))) {
    await blobs.putBack(row.digest);
    return { kind: 'sound' };
  }
  if (mark !== undefined && !(await blobs.setAside(row.digest, mark))) return { kind: 'changed' };
  if (row.damagedAt !== null) return { kind: 'damaged', damage, isKnown: true };
  if (await recordDamage(dependencies, row, damage)) return { kind: 'damaged', damage, isKnown: false };
  return await settle(dependencies, row.digest, damage);
}

/** The same without any change: what would be found. */
export async function inspectBlob(
  { blobs, database }: Pick<CheckDependencies, 'blobs' | 'database'>,
  row: BlobCheckRow,
  onBytes: OnBytes = NO_PACE,
): Promise<BlobCheck> {
  const { damage } = await findDamage(blobs, row, onBytes);
  if (damage === undefined) return { kind: 'sound' };
  const now = await findBlobCheck(database, row.digest);
  if (now?.checkedAt !== row.checkedAt) return { kind: 'changed' };
  return { kind: 'damaged', damage, isKnown: now.damagedAt !== null };
}

/** Only reads. @returns what is wrong with the bytes that a store has of a blob; undefined when they are sound */
export async function inspectStored(blobs: BlobStore, blob: StoredBlob): Promise<Damage | undefined> {
  return (await findDamage(blobs, blob, NO_PACE)).damage;
}

/** Looks twice before bytes are called damaged: what was wrong may have been the reading. */
async function findDamage(
  blobs: BlobStore,
  row: StoredBlob,
  onBytes: OnBytes,
): Promise<{ readonly damage: Damage | undefined; readonly mark: string | undefined }> {
  const first = await lookAt(blobs, row, onBytes);
  if (first.damage === undefined || first.damage === 'missing') return first;
  return await lookAt(blobs, row, onBytes);
}

async function lookAt(
  blobs: BlobStore,
  row: StoredBlob,
  onBytes: OnBytes,
): Promise<{ readonly damage: Damage | undefined; readonly mark: string | undefined }> {
  let stored: StoredBytes | undefined;
  try {
    stored = await blobs.examine(row.digest);
    if (!stored) return { damage: 'missing', mark: undefined };
    const { mark } = stored;
    // Then there is no need to read it.
    if (stored.size !== row.size && (await isReadable(stored))) return { damage: 'size', mark };
    return { damage: (await hasDigest(stored, row.digest, onBytes)) ? undefined : 'content', mark };
  } catch (error) {
    if (!(error instanceof UnreadableBytes)) throw error;
    return { damage: 'unreadable', mark: stored?.mark };
  }
}

/** The first piece is enough to know. */
async function isReadable(stored: StoredBytes): Promise<true> {
  for await (const _piece of stored.read()) break;
  return true;
}

async function hasDigest(stored: StoredBytes, digest: Digest, onBytes: OnBytes): Promise<boolean> {
  const algorithm = algorithmOf(digest);
  const hash = startHash(algorithm);
  for await (const piece of stored.read()) {
    hash.update(piece);
    await onBytes(piece.length);
  }
  return finishHash(hash, algorithm) === digest;
}

/** After a crash while bytes were set aside that a push had just replaced. */
async function isSoundAside(blobs: BlobStore, row: BlobCheckRow, onBytes: OnBytes): Promise<boolean> {
  try {
    const aside = await blobs.examine(row.digest, 'aside');
    return aside !== undefined && aside.size === row.size && (await hasDigest(aside, row.digest, onBytes));
  } catch (error) {
    if (error instanceof UnreadableBytes) return false;
    throw error;
  }
}

/** The row is not what it was: somebody has recorded the damage meanwhile, pushed the content again, or collected it. */
async function settle({ blobs, database }: CheckDependencies, digest: Digest, damage: Damage): Promise<BlobCheck> {
  const row = await findBlobCheck(database, digest);
  if (row && row.damagedAt !== null) return { kind: 'damaged', damage, isKnown: true };
  await blobs.removeSetAside(digest);
  return { kind: 'changed' };
}
