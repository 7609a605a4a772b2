// Garbage collection of manifests: notes which of them nothing refers to, and removes those of which that has been so for long enough.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import {
  deleteNoted,
  deleteUnreferenced,
  listManifestUses,
  listNotedThoughKept,
  listUnreferenced,
  type ManifestUse,
  noteUnreferenced,
  type UnreferencedManifest,
} from '../tables/garbage-manifests.ts';
import { pagesOf } from '../tables/pages.ts';
import { isKeptInCircle } from './circles.ts';
import { batchesOf, type Collection, noteUses, PAGE } from './garbage.ts';

export async function noteUnreferencedManifests(collection: Collection): Promise<void> {
  const {
    storage: { database },
    pause,
  } = collection;
  const list = async (after: ManifestUse | undefined) => {
    const uses: ManifestUse[] = [];
    for (const use of await listManifestUses(database, after, PAGE)) {
      const { referenced } = use;
      const isUsed = referenced === 2 ? !(await isKeptInCircle(database, use)) : referenced === 1;
      uses.push({ ...use, referenced: isUsed ? 1 : 0 });
      if (referenced === 2) await pause();
    }
    return uses;
  };
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
  await cutCircles(collection);
  return collected.manifests - before;
}

/** Of manifests that keep each other, one goes; then nothing keeps the next ones, and the next collection takes them. */
async function cutCircles({ storage, options, cutoff, collected, pause }: Collection): Promise<void> {
  const { database, clock } = storage;
  for await (const page of pagesOf<UnreferencedManifest>((after) =>
    listNotedThoughKept(database, cutoff, after, PAGE),
  )) {
    for (const manifest of page) {
      const isGone = options.dryRun
        ? await isKeptInCircle(database, manifest)
        : await database.transaction(async (tx) => {
            // What keeps it may be tagged by now.
            if (!(await isKeptInCircle(tx, manifest)) || !(await deleteNoted(tx, manifest, cutoff))) return false;
            const { repository, digest } = manifest;
            await recordEvent(tx, { kind: 'manifest.collected', at: clock.now(), author: SYSTEM, repository, digest });
            return true;
          });
      collected.manifests += isGone ? 1 : 0;
      collected.bytes += isGone ? manifest.size : 0;
      await pause();
    }
  }
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
