// Garbage collection of bytes: takes away those of blobs that have lost their row, and those that never had one.
import type { Digest } from '../oci/digest.ts';
import { forgetGoneBefore, insertCollected, listCollected, markGone } from '../tables/collected-blobs.ts';
import { isCollectionHeld } from '../tables/collection-holds.ts';
import { isBlobKnown } from '../tables/garbage-blobs.ts';
import { BATCH, type Collection } from './garbage.ts';

/** milliseconds */
const HOUR = 60 * 60 * 1000;
/** No push is under way for so long between putting bytes in their place and recording them. */
const REMEMBERED = 24 * HOUR;
/** Bytes come before their row: those that were written just now may still get one. */
const YOUNGEST_LEFTOVER = HOUR;

/**
 * Within the transaction, so that a push of the same bytes comes wholly before or wholly after it: before it, the push takes the
 * row away and the bytes stay; after it, the push finds the row and puts its bytes there again. After a crash in between, the
 * row says that they are to be taken away, which they are by the next collection.
 */
export async function takeBytesAway({ storage, options, now, collected, pause }: Collection): Promise<void> {
  if (options.dryRun) return;
  const { database, blobs, clock } = storage;
  await database.transaction((tx) => forgetGoneBefore(tx, now - REMEMBERED));
  for (;;) {
    const digests = await listCollected(database, BATCH);
    if (digests.length === 0) return;
    collected.isHeld = await database.transaction(async (tx) => {
      if (await isCollectionHeld(tx, clock.now())) return true;
      for (const digest of digests) if (await markGone(tx, digest)) await blobs.delete(digest);
      return false;
    });
    if (collected.isHeld) return;
    await pause();
  }
}

/** Has the bytes taken away that a crash left without a row. */
export async function noteLeftovers(collection: Collection): Promise<void> {
  const { storage, pause } = collection;
  let seen = 0;
  for await (const digest of storage.blobs.list()) {
    if (await isLeftover(collection, digest)) await noteLeftover(collection, digest);
    seen += 1;
    if (seen % BATCH === 0) await pause();
  }
}

async function isLeftover({ storage: { database, blobs }, now }: Collection, digest: Digest): Promise<boolean> {
  if (await isBlobKnown(database, digest)) return false;
  const written = await blobs.lastWritten(digest);
  return written !== undefined && written <= now - YOUNGEST_LEFTOVER;
}

async function noteLeftover({ storage, options, collected }: Collection, digest: Digest): Promise<void> {
  const { database, blobs, clock } = storage;
  const size = await blobs.size(digest);
  if (size === undefined) return;
  const isNoted =
    options.dryRun ||
    (await database.transaction(async (tx) => {
      // It may have got its row by now.
      if (await isBlobKnown(tx, digest)) return false;
      await insertCollected(tx, digest, clock.now());
      return true;
    }));
  if (!isNoted) return;
  collected.leftovers += 1;
  collected.bytes += size;
}
