// Garbage collection of bytes: takes away those of blobs that have lost their row, and those that have had none for days.
import type { Digest } from '../oci/digest.ts';
import { DAY, HOUR } from '../ports/clock.ts';
import type { BlobStorage } from '../registry/keep-blob.ts';
import { forgetGoneBefore, insertCollected, listCollected, markGone } from '../tables/collected-blobs.ts';
import { isCollectionHeld } from '../tables/collection-holds.ts';
import { isBlobKnown } from '../tables/garbage-blobs.ts';
import { forgetRecorded, forgetUnrecorded, noteUnrecorded } from '../tables/unrecorded-blobs.ts';
import { BATCH, type Collection } from './garbage.ts';

/**
 * Nobody else writes while files are deleted, and a file system takes its time for large ones: ext4 has taken 0.3 s for a GiB. A
 * file that is larger goes alone.
 */
const BATCH_BYTES = 128 * 1024 * 1024;
/** No push is under way for so long between putting bytes in their place and recording them. */
const REMEMBERED = DAY;
/** Bytes come before their row: those that were written just now may still get one. */
const YOUNGEST_LEFTOVER = HOUR;
/**
 * How long bytes without a row stay once they were found. Mostly a crash has left them; but it may be the database that is not
 * what it was, such as an older copy, and then they are all that is left of what was pushed since.
 */
const LEFTOVER_GRACE = 7 * DAY;

/**
 * Within the transaction, so that a push of the same bytes comes wholly before or wholly after it: before it, the push takes the
 * row away and the bytes stay; after it, the push finds the row and puts its bytes there again. After a crash in between, the
 * row says that they are to be taken away, which they are by the next collection. Nothing happens while somebody copies what is
 * stored. What cannot be deleted stays for the next collection, and does not keep the rest.
 */
export async function takeBytesAway(collection: Collection): Promise<void> {
  const { storage, options, now, collected, failures, pause } = collection;
  if (options.dryRun) return;
  await storage.database.transaction((tx) => forgetGoneBefore(tx, now - REMEMBERED));
  for (let after = ''; ; ) {
    const digests = await listCollected(storage.database, after, BATCH);
    const last = digests.at(-1);
    if (last === undefined) return;
    after = last;
    for (const batch of await inBatchesOfBytes(storage.blobs, digests)) {
      try {
        collected.isHeld = await take(collection, batch);
      } catch {
        // One by one, since it may be only one of them.
        for (const digest of batch) {
          await take(collection, [digest]).catch((error: unknown) => failures.set(digest, error));
        }
      }
      if (collected.isHeld) return;
      await pause();
    }
  }
}

async function inBatchesOfBytes(
  blobs: BlobStorage['blobs'],
  digests: readonly Digest[],
): Promise<readonly (readonly Digest[])[]> {
  const batches: Digest[][] = [];
  let room = 0;
  for (const digest of digests) {
    // Whatever keeps it from being looked at is told of when it cannot be deleted.
    const size = (await blobs.size(digest).catch(() => undefined)) ?? 0;
    const batch = size <= room ? batches.at(-1) : undefined;
    if (batch) batch.push(digest);
    else batches.push([digest]);
    room = (batch ? room : BATCH_BYTES) - size;
  }
  return batches;
}

/** @returns whether none may be taken away now */
async function take({ storage }: Collection, digests: readonly Digest[]): Promise<boolean> {
  const { database, blobs, clock } = storage;
  return await database.transaction(async (tx) => {
    if (await isCollectionHeld(tx, clock.now())) return true;
    for (const digest of digests) if (await markGone(tx, digest, clock.now())) await blobs.delete(digest);
    return false;
  });
}

/** Finds bytes without a row, and has those taken away that have been so for long enough. */
export async function noteLeftovers(collection: Collection): Promise<void> {
  const { storage, options, now, pause } = collection;
  let seen = 0;
  for await (const digest of storage.blobs.list()) {
    if (await isUnrecorded(storage, digest, now)) await noteLeftover(collection, digest);
    seen += 1;
    if (seen % BATCH === 0) await pause();
  }
  if (!options.dryRun) await storage.database.transaction((tx) => forgetRecorded(tx));
}

/** Whether stored bytes have no record, and are so old that none comes any more. @param now milliseconds since 1970 */
export async function isUnrecorded(
  { database, blobs }: Pick<BlobStorage, 'database' | 'blobs'>,
  digest: Digest,
  now: number,
): Promise<boolean> {
  if (await isBlobKnown(database, digest)) return false;
  const written = await blobs.lastWritten(digest);
  return written !== undefined && written <= now - YOUNGEST_LEFTOVER;
}

async function noteLeftover({ storage, options, now, collected }: Collection, digest: Digest): Promise<void> {
  const { database, blobs } = storage;
  const size = await blobs.size(digest);
  if (size === undefined) return;
  const goes = await database.transaction(async (tx) => {
    const foundAt = await noteUnrecorded(tx, digest, now);
    // It may have got its row by now.
    if (foundAt > now - LEFTOVER_GRACE || (await isBlobKnown(tx, digest))) return false;
    if (options.dryRun) return true;
    await forgetUnrecorded(tx, digest);
    await insertCollected(tx, digest, now);
    return true;
  });
  if (!goes) return;
  collected.leftovers += 1;
  collected.bytes += size;
}
