// Garbage collection: takes away what nothing refers to, while everything goes on.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { BlobStorage } from '../registry/keep-blob.ts';
import { expireUploads } from './expire-uploads.ts';
import { beginCollection, type Collected, type Collection, type CollectOptions } from './garbage.ts';
import { noteUnneededBlobs, removeUnneededBlobs } from './unneeded-blobs.ts';
import { noteLeftovers, takeBytesAway } from './unrecorded-bytes.ts';
import { noteUnreferencedManifests, removeUnreferencedManifests } from './unreferenced-manifests.ts';

/**
 * Nothing is read-only meanwhile. What nothing refers to is noted first, and goes once it has been noted for the grace period, be
 * it minutes or years old: a push that finds its blobs there already, or a tag that is moved, has that long to refer to them.
 * Only the database decides: each removal is one statement that looks once more whether something refers to it.
 * @throws what `signal` was aborted with, and AggregateError of what could not be deleted; what was removed so far stays so
 */
export async function collectGarbage(
  storage: BlobStorage,
  options: CollectOptions,
  run: { readonly signal: AbortSignal; onProgress(collected: Readonly<Collected>): void },
): Promise<Readonly<Collected>> {
  const collection = beginCollection(storage, options, run);
  await expireUploads(collection);
  if (!options.keepUntagged) await collectManifests(collection);
  await noteUnneededBlobs(collection);
  await removeUnneededBlobs(collection);
  await takeBytesAway(collection);
  if (options.withLeftovers) {
    await noteLeftovers(collection);
    await takeBytesAway(collection);
  }
  if (!options.dryRun) await record(collection);
  const { collected, failures } = collection;
  if (failures.size > 0) throw new AggregateError(failures.values(), `${failures.size} files could not be deleted`);
  return collected;
}

async function collectManifests(collection: Collection): Promise<void> {
  const { gracePeriod, dryRun } = collection.options;
  let removed: number;
  do {
    await noteUnreferencedManifests(collection);
    removed = await removeUnreferencedManifests(collection);
    // What hung on more than are followed is found at once when there is no time to wait for.
  } while (removed > 0 && gracePeriod === 0 && !dryRun);
}

async function record({ storage: { database, clock }, collected }: Collection): Promise<void> {
  const { isHeld: _isHeld, ...counts } = collected;
  if (Object.values(counts).every((count) => count === 0)) return;
  await database.transaction((tx) =>
    recordEvent(tx, { kind: 'garbage.collected', at: clock.now(), author: SYSTEM, detail: counts }),
  );
}
