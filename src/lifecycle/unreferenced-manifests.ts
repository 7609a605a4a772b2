// Garbage collection of manifests: notes which of them nothing refers to, and removes those of which that has been so for long enough.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import {
  deleteUnreferenced,
  listManifestUses,
  listUnreferenced,
  type ManifestUse,
  noteUnreferenced,
  type UnreferencedManifest,
} from '../tables/garbage-manifests.ts';
import { pagesOf } from '../tables/pages.ts';
import { batchesOf, type Collection, noteUses, PAGE } from './garbage.ts';

export async function noteUnreferencedManifests(collection: Collection): Promise<void> {
  const list = (after: ManifestUse | undefined) => listManifestUses(collection.storage.database, after, PAGE);
  await noteUses(collection, list, ({ referenced }) => referenced === 1, noteUnreferenced);
}

/** @returns how many were removed, or in a dry run would be */
export async function removeUnreferencedManifests(collection: Collection): Promise<number> {
  const { storage, options, cutoff, collected, pause } = collection;
  const before = collected.manifests;
  for await (const page of pagesOf<UnreferencedManifest>((after) =>
    listUnreferenced(storage.database, cutoff, after, PAGE),
  )) {
    for (const batch of batchesOf(page)) {
      const removed = options.dryRun ? batch : await remove(collection, batch);
      collected.manifests += removed.length;
      collected.bytes += removed.reduce((sum, { size }) => sum + size, 0);
      await pause();
    }
  }
  return collected.manifests - before;
}

/** Something may refer to one by now: that one stays. None of them is what a version's provenance file came with: its subject refers to that. */
async function remove(
  { storage: { database, clock }, cutoff }: Collection,
  manifests: readonly UnreferencedManifest[],
): Promise<readonly UnreferencedManifest[]> {
  return await database.transaction(async (tx) => {
    const at = clock.now();
    const removed: UnreferencedManifest[] = [];
    for (const manifest of manifests) {
      const { repository, digest } = manifest;
      if (!(await deleteUnreferenced(tx, manifest, cutoff))) continue;
      await recordEvent(tx, { kind: 'manifest.collected', at, author: SYSTEM, repository, digest });
      removed.push(manifest);
    }
    return removed;
  });
}
