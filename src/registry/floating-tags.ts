// Floating tags: 1 and 1.2, which the server keeps on the newest stable version of a line, in the transaction that changes it.
import { randomUUID } from 'node:crypto';
import { parseChartVersion } from '../charts/version.ts';
import { sortPrefixOf } from '../charts/version-order.ts';
import { RegistryError } from '../oci/error.ts';
import { enclosingPaths, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';
import { countCatalogRevisionUp, setTagsRevision } from '../tables/catalog-revision.ts';
import { findNewestStable, listStableBelow } from '../tables/chart-versions.ts';
import {
  deleteFloatingTag,
  deleteFloatingTagsBelow,
  isFloatingTag,
  pointFloatingTag,
} from '../tables/floating-tags.ts';
import { listFloatingSettings } from '../tables/namespaces.ts';

/** Of whom the tags are, where somebody asks who pushed them. */
const KEEPER = 'chartroom';
const FLOATING = /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?$/;
const BATCH = 1_000;

/** Whether the server keeps floating tags in the repository: as the nearest namespace above says, else not. */
export async function keepsFloatingTags(database: Queryable, repository: RepositoryName): Promise<boolean> {
  const settings = await listFloatingSettings(database, enclosingPaths(repository));
  // In byte order a path comes before all that it encloses.
  return settings.at(-1)?.floatingTags === 1;
}

/** Points the floating tags of a version's lines at the newest version that each has now, or takes them away. */
export async function refreshFloatingTags(
  tx: Transaction,
  repository: RepositoryName,
  version: string,
  at: number,
): Promise<void> {
  const numbers = parseChartVersion(version)?.numbers;
  if (!numbers) return;
  const [major, minor] = numbers;
  const lines = [[major], [major, minor]] as const;
  for (const line of lines) {
    const prefix = sortPrefixOf(...line);
    const tag = line.join('.') as Tag;
    const newest = await findNewestStable(tx, repository, { prefix, end: `${prefix}~~` });
    if (!newest) await deleteFloatingTag(tx, repository, tag);
    else {
      await pointFloatingTag(tx, { repository, tag, digest: newest.digest, pushId: randomUUID(), at, by: KEEPER });
    }
  }
}

/**
 * Makes the floating tags in and below a namespace what its settings, just changed, ask for.
 * @param at milliseconds since 1970
 */
export async function refreshFloatingTagsBelow(tx: Transaction, path: string, at: number): Promise<void> {
  const revision = await countCatalogRevisionUp(tx);
  await deleteFloatingTagsBelow(tx, path);
  const kept = new Map<RepositoryName, boolean>();
  const done = new Set<string>();
  let last = { repository: '', tag: '' };
  for (;;) {
    const versions = await listStableBelow(tx, path, last, BATCH);
    for (const { repository, version } of versions) {
      const isKept = kept.get(repository) ?? (await keepsFloatingTags(tx, repository));
      if (!kept.has(repository)) await setTagsRevision(tx, repository, revision);
      kept.set(repository, isKept);
      const line = `${repository}:${parseChartVersion(version)?.numbers.slice(0, 2).join('.')}`;
      if (isKept && !done.has(line)) await refreshFloatingTags(tx, repository, version, at);
      done.add(line);
    }
    const end = versions.at(-1);
    if (!end || versions.length < BATCH) return;
    last = end;
  }
}

/**
 * Clients write no floating tag, and none of its form where the server keeps them.
 * @throws RegistryError TAG_KEPT
 */
export async function requireNotFloating(tx: Queryable, repository: RepositoryName, tag: Tag): Promise<void> {
  if (!FLOATING.test(tag)) return;
  if (!(await isFloatingTag(tx, repository, tag)) && !(await keepsFloatingTags(tx, repository))) return;
  throw new RegistryError(
    'TAG_KEPT',
    `tag "${tag}" of ${repository} is kept by the registry, on the newest stable version ${tag}.x: push a whole version such as ${tag.includes('.') ? tag : `${tag}.0`}.0, or have a maintainer run "chartroom namespace set" with --floating-tags false`,
  );
}
