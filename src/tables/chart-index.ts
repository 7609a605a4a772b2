// Table chart_versions as index documents read it: what has changed since a revision.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';

/** Where in the order of changes a reader stands: behind this one. */
interface ChangePosition {
  readonly revision: number;
  readonly repository: string;
  readonly tag: string;
}

export interface ChangedVersionRow {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  readonly contentDigest: Digest;
  readonly sortKey: string;
  readonly publishedAt: number;
  /** 0 when it was deleted or yanked */
  readonly listed: number;
  /** 1 when Chart.yaml or a notice says so */
  readonly deprecated: number;
  /** JSON of the chart's metadata; null when it is not listed */
  readonly metadata: string | null;
  readonly revision: number;
}

/** That of the newest change in a namespace, or with undefined anywhere; 0 when nothing was ever published. */
export async function readNewestChange(database: Queryable, namespace: string | undefined): Promise<number> {
  const rows =
    namespace === undefined
      ? await database.query<{ revision: number }>('select revision from chart_versions order by revision desc limit 1')
      : await database.query<{ revision: number }>(
          'select revision from chart_versions where namespace = $1 order by revision desc limit 1',
          [namespace],
        );
  return rows[0]?.revision ?? 0;
}

const SELECT = `select chart_versions.repository, tag, namespace, chart_versions.name, chart_versions.version, file_name as "fileName",
    chart_versions.content_digest as "contentDigest", sort_key as "sortKey", published_at as "publishedAt", listed,
    case when deprecated = 1 or exists (select 1 from notices where notices.repository = chart_versions.repository
      and notices.tag in ('', chart_versions.tag) and kind = 'deprecated') then 1 else 0 end as deprecated,
    metadata, revision
  from chart_versions left join charts
    on listed = 1 and charts.repository = chart_versions.repository and charts.digest = chart_versions.digest`;

/** Versions that changed behind a position, in the order of their changes, at most `limit`. */
export async function listChangesAfter(
  database: Queryable,
  namespace: string | undefined,
  after: ChangePosition,
  limit: number,
): Promise<readonly ChangedVersionRow[]> {
  const values = [after.revision, after.repository, after.tag, limit];
  return await database.query<ChangedVersionRow>(
    `${SELECT} where (revision, chart_versions.repository, tag) > ($1, $2, $3) ${namespace === undefined ? '' : 'and namespace = $5'}
     order by revision, chart_versions.repository, tag limit $4`,
    namespace === undefined ? values : [...values, namespace],
  );
}

/** The listed versions of a repository below a sort key, the newest first by SemVer. */
export async function listListedBelow(
  database: Queryable,
  repository: string,
  sortKey: string,
  limit: number,
): Promise<readonly ChangedVersionRow[]> {
  return await database.query<ChangedVersionRow>(
    `${SELECT} where chart_versions.repository = $1 and sort_key < $2 and listed = 1 order by sort_key desc limit $3`,
    [repository, sortKey, limit],
  );
}

/** The listed versions of repositories of a namespace, or with undefined of any, by repository, of each the newest first. */
export async function listListedOf(
  database: Queryable,
  repositories: {
    readonly first: RepositoryName;
    readonly last: RepositoryName;
    readonly namespace: string | undefined;
  },
  limit: number,
): Promise<readonly ChangedVersionRow[]> {
  const { first, last, namespace } = repositories;
  // Not by an index of the namespace: it would have everything read and sorted for each page.
  const only = namespace === undefined ? '' : `and namespace || '' = $4`;
  const values = [first, last, limit];
  return await database.query<ChangedVersionRow>(
    `${SELECT} where chart_versions.repository between $1 and $2 and listed = 1 ${only}
     order by chart_versions.repository, sort_key desc limit $3`,
    namespace === undefined ? values : [...values, namespace],
  );
}
