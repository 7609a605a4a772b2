// Tables notices, tags and pulls as whoever looks at a version reads them: what is said of it, what points at it, how often it was pulled.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import type { NoticeRow } from './notices.ts';

/** That of one version, or with an empty tag of the whole chart. */
export async function findNotice(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag | '',
): Promise<NoticeRow | undefined> {
  const rows = await database.query<NoticeRow>(
    `select repository, tag, kind, reason, replacement, noted_at as "notedAt", noted_by as "notedBy"
     from notices where repository = $1 and tag = $2`,
    [repository, tag],
  );
  return rows[0];
}

/** Which of two tags are floating ones that point at a manifest, in byte order. */
export async function listFloatingTagsAt(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
  names: readonly [string, string],
): Promise<readonly Tag[]> {
  // By their names, since SQLite would rather go through all tags of the repository than use an index of digests.
  const rows = await database.query<{ tag: Tag }>(
    `select name as tag from tags
     where repository = $1 and name in ($2, $3) and digest = $4 and floating = 1 order by name`,
    [repository, ...names, digest],
  );
  return rows.map(({ tag }) => tag);
}

/** The floating tags of a chart in byte order, each with the version that it stands for; at most `limit`. */
export async function listFloatingVersions(
  database: Queryable,
  repository: RepositoryName,
  limit: number,
): Promise<readonly { readonly tag: Tag; readonly version: string }[]> {
  return await database.query(
    `select tags.name as tag, charts.version
     from tags join charts on charts.repository = tags.repository and charts.digest = tags.digest
     where tags.repository = $1 and floating = 1 order by tags.name limit $2`,
    [repository, limit],
  );
}

/** Of all versions and days of a chart together. */
export async function countPullsOfChart(database: Queryable, repository: RepositoryName): Promise<number> {
  const rows = await database.query<{ pulls: number }>(
    'select cast(coalesce(sum(pulls), 0) as bigint) as pulls from pulls where repository = $1',
    [repository],
  );
  return rows[0]?.pulls ?? 0;
}

/** Of all days together. */
export async function countPullsOfVersion(database: Queryable, repository: RepositoryName, tag: Tag): Promise<number> {
  const rows = await database.query<{ pulls: number }>(
    'select cast(coalesce(sum(pulls), 0) as bigint) as pulls from pulls where repository = $1 and tag = $2',
    [repository, tag],
  );
  return rows[0]?.pulls ?? 0;
}

/** The versions that are there and were pulled most on these days (since 1970, both included), each with how often. */
export async function listMostPulled(
  database: Queryable,
  repository: RepositoryName,
  days: { readonly from: number; readonly to: number },
  limit: number,
): Promise<readonly { readonly version: string; readonly pulls: number }[]> {
  return await database.query(
    `select version, cast(sum(pulls) as bigint) as pulls
     from pulls join chart_versions on chart_versions.repository = pulls.repository and chart_versions.tag = pulls.tag
     where pulls.repository = $1 and day between $2 and $3 and digest is not null
     group by version, sort_key order by 2 desc, sort_key desc limit $4`,
    [repository, days.from, days.to, limit],
  );
}
