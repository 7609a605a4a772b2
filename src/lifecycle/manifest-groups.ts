// Manifests that can only go together: one, and all that keep it, directly or over others.
import type { Digest } from '../oci/digest.ts';
import type { Queryable } from '../ports/database.ts';
import { listKeepers, type ManifestGroup, type ManifestPlace } from '../tables/garbage-manifests.ts';

/** So many are followed at most; what more keep stays. */
const MAXIMUM_FOLLOWED = 100;

/**
 * The manifest and all that keep it: no other manifest keeps any of them.
 * @returns undefined when a tag or a published chart keeps it over others, and when it is kept by too many to say
 */
export async function followKeepers(
  database: Queryable,
  { repository, digest: first }: ManifestPlace,
): Promise<ManifestGroup | undefined> {
  const digests = new Set<Digest>([first]);
  // The set grows while it is gone through.
  for (const digest of digests) {
    for (const keeper of await listKeepers(database, { repository, digest }, MAXIMUM_FOLLOWED)) {
      if (keeper.named === 1) return undefined;
      digests.add(keeper.digest);
    }
    if (digests.size > MAXIMUM_FOLLOWED) return undefined;
  }
  return { repository, digests: [...digests] };
}
