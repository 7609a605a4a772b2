// Garbage collection of manifests: notes to which of them no tag and no published chart leads, and removes those of which that has been
// so for long enough.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { Queryable } from '../ports/database.ts';
import {
  deleteGarbage,
  isGarbage,
  listManifestUses,
  listNoted,
  type ManifestGroup,
  type ManifestUse,
  type NotedManifest,
  noteUnreferenced,
} from '../tables/garbage-manifests.ts';
import { pagesOf } from '../tables/pages.ts';
import { batchesOf, type Collection, noteUses, PAGE } from './garbage.ts';
import { followKeepers } from './manifest-groups.ts';

interface FollowedUse extends ManifestUse {
  readonly isUsed: boolean;
}

export async function noteUnreferencedManifests(collection: Collection): Promise<void> {
  const {
    storage: { database },
    pause,
  } = collection;
  const list = async (after: FollowedUse | undefined) => {
    const uses: FollowedUse[] = [];
    for (const use of await listManifestUses(database, after, PAGE)) {
      const isFollowed = use.referenced === 'kept';
      const isUsed = isFollowed ? (await followKeepers(database, use)) === undefined : use.referenced === 'named';
      uses.push({ ...use, isUsed });
      if (isFollowed) await pause();
    }
    return uses;
  };
  await noteUses(collection, list, ({ isUsed }) => isUsed, noteUnreferenced);
}

/** @returns how many were removed, or in a dry run would be */
export async function removeUnreferencedManifests(collection: Collection): Promise<number> {
  const { storage, options, cutoff, collected, pause } = collection;
  const before = collected.manifests;
  for await (const page of pagesOf<NotedManifest>((after) => listNoted(storage.database, cutoff, after, PAGE))) {
    for (const batch of batchesOf(page)) {
      const removed = await (options.dryRun ? findGarbage(collection, batch) : remove(collection, batch));
      collected.manifests += removed.length;
      collected.bytes += removed.reduce((sum, { size }) => sum + size, 0);
      await pause();
    }
  }
  return collected.manifests - before;
}

/** What keeps a manifest goes with it, so that nothing is served that lists what is gone. */
async function groupOf(database: Queryable, manifest: NotedManifest): Promise<ManifestGroup | undefined> {
  const { repository, digest, kept } = manifest;
  return kept === 0 ? { repository, digests: [digest] } : await followKeepers(database, manifest);
}

interface Removed {
  /** bytes */
  readonly size: number;
}

/** Whatever goes with a manifest is noted as well, and counted when its turn comes. */
async function findGarbage(
  { storage: { database }, cutoff }: Collection,
  manifests: readonly NotedManifest[],
): Promise<readonly Removed[]> {
  const found: NotedManifest[] = [];
  for (const manifest of manifests) {
    const group = await groupOf(database, manifest);
    if (group && (await isGarbage(database, group, cutoff))) found.push(manifest);
  }
  return found;
}

/**
 * Something may refer to one by now, or somebody may have asked for what keeps it: that one stays. None of them is what a version's
 * provenance file came with: its subject refers to that.
 */
async function remove(
  { storage: { database, clock }, cutoff }: Collection,
  manifests: readonly NotedManifest[],
): Promise<readonly Removed[]> {
  return await database.transaction(async (tx) => {
    const at = clock.now();
    const removed: Removed[] = [];
    for (const manifest of manifests) {
      const group = await groupOf(tx, manifest);
      for (const { digest, size } of group ? await deleteGarbage(tx, group, cutoff) : []) {
        const { repository } = manifest;
        await recordEvent(tx, { kind: 'manifest.collected', at, author: SYSTEM, repository, digest });
        removed.push({ size });
      }
    }
    return removed;
  });
}
