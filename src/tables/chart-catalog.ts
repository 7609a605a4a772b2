// Table chart_versions as whoever looks for charts reads it: versions of a chart in order, one of them, the newest of each.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';

export interface VersionRow {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  /** of the manifest */
  readonly digest: Digest;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | null;
  readonly sortKey: string;
  readonly stable: number;
  readonly listed: number;
  /** 1 when Chart.yaml or a notice says so */
  readonly deprecated: number;
  readonly publishedAt: number;
  readonly publishedBy: string;
  /** JSON of the chart's metadata */
  readonly metadata: string;
  /** bytes of the packed chart */
  readonly size: number;
}

const SELECT = `select versions.repository, versions.tag, namespace, versions.name, versions.version, file_name as "fileName",
    versions.digest, versions.content_digest as "contentDigest", versions.provenance_digest as "provenanceDigest",
    sort_key as "sortKey", stable, listed,
    case when deprecated = 1 or exists (select 1 from notices where notices.repository = versions.repository
      and notices.tag in ('', versions.tag) and kind = 'deprecated') then 1 else 0 end as deprecated,
    published_at as "publishedAt", published_by as "publishedBy", metadata, blobs.size
  from chart_versions as versions
    join charts on charts.repository = versions.repository and charts.digest = versions.digest
    join blobs on blobs.digest = versions.content_digest`;

/** Those of a chart that are there, the newest first by SemVer; yanked ones too, unless only the listed are asked for. */
export async function listVersions(
  database: Queryable,
  repository: RepositoryName,
  page: { readonly before: string | undefined; readonly limit: number; readonly onlyListed: boolean },
): Promise<readonly VersionRow[]> {
  const before = page.before === undefined ? '' : 'and sort_key < $3';
  const listed = page.onlyListed ? 'and listed = 1' : '';
  const values = [repository, page.limit];
  return await database.query<VersionRow>(
    `${SELECT} where versions.repository = $1 ${before} ${listed} order by sort_key desc limit $2`,
    page.before === undefined ? values : [...values, page.before],
  );
}

/** A version that is there, yanked or not. */
export async function findVersion(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<VersionRow | undefined> {
  const rows = await database.query<VersionRow>(`${SELECT} where versions.repository = $1 and versions.tag = $2`, [
    repository,
    tag,
  ]);
  return rows[0];
}

/** The version behind a file name of a classic repository. */
export async function findVersionByFileName(
  database: Queryable,
  namespace: string,
  fileName: string,
): Promise<VersionRow | undefined> {
  const rows = await database.query<VersionRow>(`${SELECT} where namespace = $1 and file_name = $2`, [
    namespace,
    fileName,
  ]);
  return rows[0];
}

/** The newest listed version, a stable one if there is any. */
export async function findNewestVersion(
  database: Queryable,
  repository: RepositoryName,
): Promise<VersionRow | undefined> {
  for (const stable of ['and stable = 1', '']) {
    const rows = await database.query<VersionRow>(
      `${SELECT} where versions.repository = $1 and listed = 1 ${stable} order by sort_key desc limit 1`,
      [repository],
    );
    if (rows[0]) return rows[0];
  }
  return undefined;
}

/** Repositories with a listed version, behind `last` in byte order; those of one namespace, or with undefined of all. */
export async function listChartRepositories(
  database: Queryable,
  namespace: string | undefined,
  last: string,
  limit: number,
): Promise<readonly RepositoryName[]> {
  // Repository by repository, of which there are fewer than versions. "0" is the character behind "/", and no name has "~".
  const [from, end] = namespace ? [`${namespace}/`, `${namespace}0`] : ['', '~'];
  const only = namespace === undefined ? '' : 'and namespace = $5';
  const values = [last, from, end, limit];
  const rows = await database.query<{ repository: RepositoryName }>(
    `select name as repository from repositories
     where name > $1 and name >= $2 and name < $3
       and exists (select 1 from chart_versions where repository = repositories.name and listed = 1 ${only})
     order by name limit $4`,
    namespace === undefined ? values : [...values, namespace],
  );
  return rows.map(({ repository }) => repository);
}

/** A published chart that is not among the versions yet. */
export interface UnenteredChart {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** of the manifest */
  readonly digest: Digest;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | null;
  /** JSON of the chart's metadata */
  readonly metadata: string;
}

/** Those that an older Chartroom took, in the order of repository and tag, behind `last`. */
export async function listChartsWithoutVersion(
  database: Queryable,
  last: { readonly repository: string; readonly tag: string } | undefined,
  limit: number,
): Promise<readonly UnenteredChart[]> {
  return await database.query<UnenteredChart>(
    `select tags.repository, tags.name as tag, tags.digest, charts.content_digest as "contentDigest",
       charts.provenance_digest as "provenanceDigest", charts.metadata
     from tags join charts on charts.repository = tags.repository and charts.digest = tags.digest
     where (tags.repository, tags.name) > ($1, $2) and floating = 0 and not exists
       (select 1 from chart_versions where chart_versions.repository = tags.repository and chart_versions.tag = tags.name)
     order by tags.repository, tags.name limit $3`,
    [last?.repository ?? '', last?.tag ?? '', limit],
  );
}
