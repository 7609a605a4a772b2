// Keeps what helm could follow to a chart from having a tag that is a version.
import { parseChartVersion, versionOfTag } from '../charts/version.ts';
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { childrenOf, type Manifest } from '../oci/manifest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import { isChartOrHasSubject, listChildren } from '../tables/manifests.ts';

/** Of an index under a version's tag as many are looked at: each is two selects, and indexes may list one another's lists. */
const MAXIMUM_LOOKED_AT = 1_000;

/**
 * helm follows children and subjects, so under a version's tag it would install whatever chart they lead to, now or once a
 * missing subject comes: such a tag would be a version that changes.
 * @throws RegistryError TAG_INVALID
 */
export async function requireNoWayToChart(
  database: Queryable,
  repository: RepositoryName,
  manifest: Manifest,
  tags: readonly Tag[],
): Promise<void> {
  const version = tags.find((tag) => parseChartVersion(versionOfTag(tag)) !== undefined);
  if (version === undefined) return;
  const why = manifest.subject
    ? 'helm would look for a chart behind this manifest\'s "subject"'
    : await whyNotBehind(database, repository, manifest);
  if (why === undefined) return;
  throw new RegistryError(
    'TAG_INVALID',
    `tag "${version}" is a chart's version, and ${why}: use a tag that is no version`,
  );
}

async function whyNotBehind(
  database: Queryable,
  repository: RepositoryName,
  manifest: Manifest,
): Promise<string | undefined> {
  const reached = new Set<Digest>(childrenOf(manifest).map((child) => child.digest));
  // What is added meanwhile comes as well.
  for (const digest of reached) {
    if (reached.size > MAXIMUM_LOOKED_AT) {
      return `more than ${MAXIMUM_LOOKED_AT} manifests stand behind this one's "manifests", too many to see that none is a chart`;
    }
    if (await isChartOrHasSubject(database, repository, digest)) {
      return 'helm would look for a chart behind this manifest\'s "manifests"';
    }
    for (const child of await listChildren(database, repository, digest)) reached.add(child);
  }
  return undefined;
}
