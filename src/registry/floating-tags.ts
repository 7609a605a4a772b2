// Floating tags: 1 and 1.2, which the server keeps on the newest stable version of a line, in the transaction that changes it.
import { randomUUID } from 'node:crypto';
import { parseChartVersion, versionOfTag } from '../charts/version.ts';
import { sortPrefixOf } from '../charts/version-order.ts';
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { enclosingPaths, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';
import { countCatalogRevisionUp } from '../tables/catalog-revision.ts';
import { findNewestStable, hasVersions, listStableVersions } from '../tables/chart-versions.ts';
import { deleteFloatingTag, deleteFloatingTagsOf, findTagKeeper, pointFloatingTags } from '../tables/floating-tags.ts';
import { listFloatingSettings } from '../tables/namespaces.ts';
import { listRepositoriesBelow } from '../tables/repositories.ts';

/** Of whom the tags are, where somebody asks who pushed them. */
const KEEPER = 'chartroom';
const FLOATING = /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?$/;
const BATCH = 1_000;

/** Whether the server keeps floating tags in the repository: as the nearest namespace above says, else not. */
async function keepsFloatingTags(database: Queryable, repository: RepositoryName): Promise<boolean> {
  return (await nearestSetting(database, repository))?.floatingTags === 1;
}

async function nearestSetting(database: Queryable, repository: RepositoryName) {
  // In byte order a path comes before all that it encloses.
  return (await listFloatingSettings(database, enclosingPaths(repository))).at(-1);
}

/**
 * Where the server keeps them: points the floating tags of these tags' lines at the newest version that each line has now, or
 * takes them away.
 * @param tags of versions that came or went, or that stood in the place of a floating tag
 * @param at milliseconds since 1970
 */
export async function refreshFloatingTags(
  tx: Transaction,
  repository: RepositoryName,
  tags: readonly Tag[],
  at: number,
): Promise<void> {
  const lines = new Map(tags.flatMap(linesOf).map((line) => [line.join('.') as Tag, line]));
  if (lines.size === 0 || !(await keepsFloatingTags(tx, repository))) return;
  for (const [tag, line] of lines) {
    const prefix = sortPrefixOf(...line);
    const newest = await findNewestStable(tx, repository, { prefix, end: `${prefix}~~` });
    if (!newest) await deleteFloatingTag(tx, repository, tag);
    else await point(tx, repository, new Map([[tag, newest.digest]]), at);
  }
}

/** Of 1.2.3 the lines 1 and 1.2; none of a pre-release or a lenient version, which no floating tag ever points at. */
function linesOf(tag: Tag): readonly (readonly bigint[])[] {
  const version = parseChartVersion(versionOfTag(tag));
  if (!version || !((version.strict && !version.prerelease) || FLOATING.test(tag))) return [];
  const [major, minor] = version.numbers;
  return [[major], [major, minor]];
}

async function point(
  tx: Transaction,
  repository: RepositoryName,
  pointers: ReadonlyMap<Tag, Digest>,
  at: number,
): Promise<void> {
  await pointFloatingTags(tx, repository, [...pointers], { pushId: randomUUID(), at, by: KEEPER });
}

/**
 * Makes the floating tags in and below a namespace what its setting, just changed, asks for.
 * @param at milliseconds since 1970
 */
export async function refreshFloatingTagsBelow(tx: Transaction, path: string, at: number): Promise<void> {
  // First: where transactions run side by side, pushes that did not see the setting end before, and the others wait.
  await countCatalogRevisionUp(tx);
  for (let last: string | undefined = ''; last !== undefined; ) {
    const repositories: readonly RepositoryName[] = await listRepositoriesBelow(tx, path, last, BATCH);
    for (const repository of repositories) {
      if (await keepsFloatingTags(tx, repository)) await pointAll(tx, repository, at);
      else await deleteFloatingTagsOf(tx, repository);
    }
    last = repositories.length < BATCH ? undefined : repositories.at(-1);
  }
}

async function pointAll(tx: Transaction, repository: RepositoryName, at: number): Promise<void> {
  const pointers = new Map<Tag, Digest>();
  for (let last: string | undefined = ''; last !== undefined; ) {
    const versions: readonly { readonly tag: Tag; readonly digest: Digest; readonly sortKey: string }[] =
      await listStableVersions(tx, repository, last, BATCH);
    for (const { tag, digest } of versions) {
      const [major, minor] = tag.split('.', 2);
      // The newest of a line comes last.
      pointers.set(major as Tag, digest);
      pointers.set(`${major}.${minor}` as Tag, digest);
    }
    last = versions.length < BATCH ? undefined : versions.at(-1)?.sortKey;
  }
  await point(tx, repository, pointers, at);
}

/**
 * Clients write no floating tag, and where the server keeps them, no new chart's tag of their form, which would stand in the
 * place of one. A tag of that form that a client has made already stays the client's.
 * @param isChart whether what is pushed is a chart
 * @throws RegistryError TAG_KEPT
 */
export async function requireNotKept(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
  isChart: boolean,
): Promise<void> {
  const keeper = FLOATING.test(tag) ? await findTagKeeper(database, repository, tag) : 'client';
  if (keeper === 'client') return;
  const setting = await nearestSetting(database, repository);
  const willKeep = setting?.floatingTags === 1 && (isChart || (await hasVersions(database, repository)));
  if (keeper === undefined && !willKeep) return;
  throw kept(
    repository,
    tag,
    setting?.path ?? '',
    `push a whole version such as ${tag.includes('.') ? tag : `${tag}.0`}.0`,
  );
}

/** Nor do clients delete one. @throws RegistryError TAG_KEPT */
export async function requireNotFloating(database: Queryable, repository: RepositoryName, tag: Tag): Promise<void> {
  const keeper = FLOATING.test(tag) ? await findTagKeeper(database, repository, tag) : 'client';
  if (keeper !== 'server') return;
  const setting = await nearestSetting(database, repository);
  throw kept(repository, tag, setting?.path ?? '', 'delete or yank the version that it should not point at');
}

function kept(repository: RepositoryName, tag: Tag, settingPath: string, remedy: string): RegistryError {
  return new RegistryError(
    'TAG_KEPT',
    `tag "${tag}" of ${repository} is kept by the registry, on the newest stable version ${tag}.x: ${remedy}, or have a maintainer run "chartroom namespace set ${settingPath || '/'} --floating-tags false"`,
  );
}
