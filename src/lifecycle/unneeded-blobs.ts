// Garbage collection of blobs: notes which of them no manifest needs, takes those out of their repositories of which that has been so
// for long enough, and has the bytes of those taken away that no repository has any more.
import type { Digest } from '../oci/digest.ts';
import type { Transaction } from '../ports/database.ts';
import { insertCollected } from '../tables/collected-blobs.ts';
import { forgetDescription } from '../tables/contents.ts';
import {
  type BlobLinks,
  type BlobUse,
  deleteBlobWithoutRepository,
  listBlobLinks,
  listBlobUses,
  listUnneeded,
  noteUnneeded,
  type UnneededBlob,
  unlinkUnneeded,
} from '../tables/garbage-blobs.ts';
import { pagesOf } from '../tables/pages.ts';
import { batchesOf, type Collection, noteUses, PAGE } from './garbage.ts';

export async function noteUnneededBlobs(collection: Collection): Promise<void> {
  const list = (after: BlobUse | undefined) => listBlobUses(collection.storage.database, after, PAGE);
  await noteUses(collection, list, ({ needed }) => needed === 1, noteUnneeded);
}

export async function removeUnneededBlobs(collection: Collection): Promise<void> {
  const { storage, options, cutoff, pause } = collection;
  const { database } = storage;
  for await (const page of pagesOf<UnneededBlob>((after) => listUnneeded(database, cutoff, after, PAGE))) {
    for (const batch of batchesOf(page)) {
      count(
        collection,
        options.dryRun ? shareOf(batch) : await database.transaction((tx) => unlink(tx, collection, batch)),
      );
      await pause();
    }
  }
  await removeBlobsWithoutRepository(collection);
}

/** One that several repositories have is one blob, whose bytes go with the last of them. */
function shareOf(blobs: readonly UnneededBlob[]): Removed {
  return {
    blobs: blobs.reduce((sum, { places }) => sum + 1 / places, 0),
    bytes: blobs.reduce((sum, { size, places }) => sum + size / places, 0),
  };
}

async function unlink(
  tx: Transaction,
  { storage: { clock }, cutoff }: Collection,
  blobs: readonly UnneededBlob[],
): Promise<Removed> {
  const unlinked: Digest[] = [];
  // A manifest may need it by now, or somebody may be about to push one.
  for (const blob of blobs) if (await unlinkUnneeded(tx, blob, cutoff)) unlinked.push(blob.digest);
  return await removeWithoutRepository(tx, unlinked, clock.now());
}

interface Removed {
  readonly blobs: number;
  readonly bytes: number;
}

/** From here on a push of the same bytes knows that they must be put in their place again. */
async function removeWithoutRepository(tx: Transaction, digests: readonly Digest[], now: number): Promise<Removed> {
  const sizes: number[] = [];
  for (const digest of digests) {
    const size = await deleteBlobWithoutRepository(tx, digest);
    if (size === undefined) continue;
    await insertCollected(tx, digest, now);
    await forgetDescription(tx, digest);
    sizes.push(size);
  }
  return { blobs: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Those that somebody deleted. */
async function removeBlobsWithoutRepository(collection: Collection): Promise<void> {
  const { storage, options, pause } = collection;
  const { database, clock } = storage;
  for await (const page of pagesOf<BlobLinks>((after) => listBlobLinks(database, after?.digest ?? '', PAGE))) {
    for (const batch of batchesOf(page.filter(({ linked }) => linked === 0))) {
      const digests = batch.map(({ digest }) => digest);
      const removed = options.dryRun
        ? { blobs: batch.length, bytes: batch.reduce((sum, { size }) => sum + size, 0) }
        : await database.transaction((tx) => removeWithoutRepository(tx, digests, clock.now()));
      count(collection, removed);
      await pause();
    }
    await pause();
  }
}

function count({ collected }: Collection, { blobs, bytes }: Removed): void {
  collected.blobs += blobs;
  collected.bytes += bytes;
}
