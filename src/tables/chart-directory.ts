// Table chart_versions as the list of all charts reads it: which have versions, and what to say of each in short.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';

interface ChangedRepository {
  readonly repository: RepositoryName;
  /** that of the newest change of any of its versions */
  readonly revision: number;
  /** 1 when it has a version that is neither deleted nor yanked */
  readonly listed: number;
}

/** Repositories with a change behind a revision, in the order of these: some `limit`, of the last revision all. */
export async function listChangedRepositories(
  database: Queryable,
  revision: number,
  limit: number,
): Promise<readonly ChangedRepository[]> {
  return await database.query<ChangedRepository>(
    `select repository, max(revision) as revision,
       case when exists (select 1 from chart_versions as listed
         where listed.repository = changed.repository and listed.listed = 1) then 1 else 0 end as listed
     from chart_versions as changed
     where revision > $1 and revision <= coalesce(
       (select revision from chart_versions where revision > $1 order by revision limit 1 offset $2), 9007199254740991)
     group by repository order by 2, 1`,
    [revision, limit],
  );
}

/** How many versions of a chart are listed, and when the last of them was published. */
export async function countListedVersions(
  database: Queryable,
  repository: RepositoryName,
): Promise<{ readonly versions: number; readonly publishedAt: number }> {
  const rows = await database.query<{ versions: number; publishedAt: number }>(
    `select count(*) as versions, coalesce(max(published_at), 0) as "publishedAt"
     from chart_versions where repository = $1 and listed = 1`,
    [repository],
  );
  return rows[0] ?? { versions: 0, publishedAt: 0 };
}

export interface VersionKey {
  readonly tag: Tag;
  readonly version: string;
  readonly sortKey: string;
  readonly listed: number;
}

/** Just what a range is matched with: versions that are there, yanked or not, the newest first, below a sort key. */
export async function listVersionKeys(
  database: Queryable,
  repository: RepositoryName,
  before: string | undefined,
  limit: number,
): Promise<readonly VersionKey[]> {
  const below = before === undefined ? '' : 'and sort_key < $3';
  const values = [repository, limit];
  return await database.query<VersionKey>(
    `select tag, version, sort_key as "sortKey", listed from chart_versions
     where repository = $1 and digest is not null ${below} order by sort_key desc limit $2`,
    before === undefined ? values : [...values, before],
  );
}

/** Of a version that is there, yanked or not. */
export async function findVersionKey(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<VersionKey | undefined> {
  const rows = await database.query<VersionKey>(
    `select tag, version, sort_key as "sortKey", listed from chart_versions
     where repository = $1 and tag = $2 and digest is not null`,
    [repository, tag],
  );
  return rows[0];
}
