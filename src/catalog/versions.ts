// The published versions of a chart as whoever looks at them sees them, with all that is said of each.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { parseChartVersion, tagOfVersion } from '../charts/version.ts';
import type { VersionRange } from '../charts/version-range.ts';
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findVersion, listVersions as selectVersions, type VersionRow } from '../tables/chart-catalog.ts';
import { listVersionKeys } from '../tables/chart-directory.ts';
import { findTagKeeper } from '../tables/floating-tags.ts';
import { countPullsOfVersion, findNotice, listFloatingTagsAt } from '../tables/version-facts.ts';
import { shortened } from './chart-summaries.ts';
import { type OrderedVersion, VersionsInOrder } from './versions-in-order.ts';

/** Versions that are read at once: few, since each may have a Chart.yaml of 1 MiB. */
const BATCH = 16;

/** What a maintainer says of a version, or of the whole chart. */
export interface ChartNotice {
  readonly kind: 'deprecated' | 'yanked';
  readonly about: 'version' | 'chart';
  /** Empty when none was given, as is the replacement. */
  readonly reason: string;
  readonly replacement: string;
  readonly notedAt: number;
  readonly notedBy: string;
}

export interface VersionFacts {
  readonly repository: RepositoryName;
  /** Empty for the root. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly tag: Tag;
  /** of the manifest */
  readonly digest: Digest;
  /** of the archive */
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | undefined;
  readonly fileName: string;
  readonly sortKey: string;
  readonly metadata: ChartMetadata;
  readonly isPrerelease: boolean;
  readonly isDeprecated: boolean;
  readonly isYanked: boolean;
  /** Of the version, else of the whole chart. */
  readonly notice: ChartNotice | undefined;
  /** milliseconds since 1970 */
  readonly publishedAt: number;
  readonly publishedBy: string;
  /** bytes of the archive */
  readonly size: number;
}

/** Of Chart.yaml, which may have 1 MiB, as good as nothing: for lists. */
export interface VersionSummary extends Omit<VersionFacts, 'metadata'> {
  readonly metadata: Pick<ChartMetadata, 'appVersion'>;
}

/** With what changes of a version without anybody publishing anything. */
export interface ListedVersion extends VersionSummary {
  readonly floatingTags: readonly Tag[];
  readonly pulls: number;
}

/** The same with all that its Chart.yaml says. */
export type DetailedVersion = ListedVersion & VersionFacts;

export interface VersionPage {
  /** A sort key: versions below it. */
  readonly before: string | undefined;
  readonly limit: number;
  readonly yanked: 'without' | 'only' | 'with';
  readonly range: VersionRange | undefined;
}

/** The newest first. @throws RegistryError NAME_UNKNOWN when the chart has no version at all */
export async function listVersions(
  database: Database,
  repository: RepositoryName,
  page: VersionPage,
): Promise<readonly ListedVersion[]> {
  const { before, limit, yanked, range } = page;
  const rows =
    yanked === 'only' || range !== undefined
      ? selectFitting(database, repository, page)
      : selectInOrder(database, repository, { before, limit, onlyListed: yanked === 'without' });
  const listed: ListedVersion[] = [];
  for await (const row of rows) {
    const version = await withUse(database, row);
    listed.push({ ...version, metadata: { appVersion: shortened(version.metadata.appVersion) } });
  }
  if (listed.length === 0) await requireChart(database, repository);
  return listed;
}

/** @param text a version as it stands in Chart.yaml, or as its tag @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN */
export async function getVersion(
  database: Database,
  repository: RepositoryName,
  text: string,
): Promise<DetailedVersion> {
  return await withUse(database, await requireVersion(database, repository, text));
}

/** @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN */
export async function requireVersion(
  database: Database,
  repository: RepositoryName,
  text: string,
): Promise<VersionRow> {
  const tag = tagOfVersion(text) as Tag;
  const row = await findVersion(database, repository, tag);
  if (row) return row;
  await requireChart(database, repository);
  const isFloating = (await findTagKeeper(database, repository, tag)) === 'server';
  const hint = isFloating ? `: ${tag} is a floating tag, ask ${repository}/-/resolve?range=${tag} where it points` : '';
  throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no version "${text}"${hint}`);
}

/** @throws RegistryError NAME_UNKNOWN */
export async function requireChart(database: Database, repository: RepositoryName): Promise<void> {
  const [any] = await listVersionKeys(database, repository, undefined, 1);
  if (!any) throw unknownChart(repository);
}

export function unknownChart(repository: RepositoryName): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no chart ${repository}, or no version of it any more`);
}

export async function factsOf(database: Database, row: VersionRow): Promise<VersionFacts> {
  const { repository, namespace, name, version, tag, digest, contentDigest, provenanceDigest, fileName, sortKey } = row;
  const isYanked = row.listed === 0;
  const isDeprecated = row.deprecated === 1;
  return {
    ...{ repository, namespace, name, version, tag, digest, contentDigest, fileName, sortKey },
    provenanceDigest: provenanceDigest ?? undefined,
    metadata: JSON.parse(row.metadata) as ChartMetadata,
    isPrerelease: parseChartVersion(version)?.prerelease ?? false,
    ...{ isDeprecated, isYanked },
    notice: isYanked || isDeprecated ? await noticeOn(database, repository, tag) : undefined,
    publishedAt: row.publishedAt,
    publishedBy: row.publishedBy,
    size: row.size,
  };
}

/** That of a version, or else, and with an empty tag, that of the whole chart. */
export async function noticeOn(
  database: Database,
  repository: RepositoryName,
  tag: Tag | '',
): Promise<ChartNotice | undefined> {
  const own = tag === '' ? undefined : await findNotice(database, repository, tag);
  const notice = own ?? (await findNotice(database, repository, ''));
  if (!notice) return undefined;
  const { kind, reason, replacement, notedAt, notedBy } = notice;
  return { kind, about: notice.tag === '' ? 'chart' : 'version', reason, replacement, notedAt, notedBy };
}

async function withUse(database: Database, row: VersionRow): Promise<DetailedVersion> {
  const { repository, tag, digest, version } = row;
  const [major, minor] = parseChartVersion(version)?.numbers ?? [];
  return {
    ...(await factsOf(database, row)),
    floatingTags: await listFloatingTagsAt(database, repository, digest, [`${major}`, `${major}.${minor}`]),
    pulls: await countPullsOfVersion(database, repository, tag),
  };
}

async function* selectInOrder(
  database: Database,
  repository: RepositoryName,
  page: Parameters<typeof selectVersions>[2],
): AsyncIterable<VersionRow> {
  let { before, limit } = page;
  while (limit > 0) {
    const rows = await selectVersions(database, repository, { ...page, before, limit: Math.min(limit, BATCH) });
    yield* rows;
    limit = rows.length < BATCH ? 0 : limit - rows.length;
    before = rows.at(-1)?.sortKey;
  }
}

/** Reads no more of each version than its name until it is known to fit. */
async function* selectFitting(
  database: Database,
  repository: RepositoryName,
  { before, limit, yanked, range }: VersionPage,
): AsyncIterable<VersionRow> {
  let found = 0;
  const fits = (each: OrderedVersion): boolean => {
    const isWanted = yanked === 'with' || each.isListed === (yanked === 'without');
    return isWanted && (range === undefined || (each.version.strict && range.admits(each.version)));
  };
  for await (const batch of new VersionsInOrder(database, repository, before).batches()) {
    for (const { tag } of batch.filter(fits).slice(0, limit - found)) {
      const row = await findVersion(database, repository, tag);
      if (!row) continue;
      found += 1;
      yield row;
    }
    if (found >= limit) return;
  }
}
