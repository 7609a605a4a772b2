// Manifests that keep each other, and that nothing else keeps: an index whose subject is one of those that it lists, say.
import type { Digest } from '../oci/digest.ts';
import type { Queryable } from '../ports/database.ts';
import { isNamed, listKeepers, type ManifestPlace } from '../tables/garbage-manifests.ts';

/** So many are followed at most; what more keep stays. */
const MAXIMUM_FOLLOWED = 100;

/**
 * Whether all that keeps the manifest, directly or by others, is kept by nothing but each other. One in between that nothing
 * keeps is garbage by itself, and goes first.
 */
export async function isKeptInCircle(database: Queryable, manifest: ManifestPlace): Promise<boolean> {
  const { repository } = manifest;
  const seen = new Set<Digest>([manifest.digest]);
  // The set grows while it is gone through.
  for (const digest of seen) {
    const place = { repository, digest };
    if (await isNamed(database, place)) return false;
    const keepers = await listKeepers(database, place, MAXIMUM_FOLLOWED);
    if (keepers.length === 0) return false;
    for (const keeper of keepers) seen.add(keeper);
    if (seen.size > MAXIMUM_FOLLOWED) return false;
  }
  return true;
}
