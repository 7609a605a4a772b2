// Table pulls: how often each version was pulled on each day.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

/** How often an archive was fetched from a repository on a day: days since 1970 (UTC). */
export interface FetchedArchive {
  readonly repository: RepositoryName;
  readonly contentDigest: Digest;
  readonly day: number;
  readonly count: number;
}

/** Adds to the version that has the archive; a blob that is none of a version's is left out. */
export async function addPulls(tx: Transaction, fetched: FetchedArchive): Promise<void> {
  await tx.query(
    `insert into pulls (repository, tag, day, pulls)
     select repository, tag, $3, $4 from chart_versions
     where repository = $1 and content_digest = $2 order by tag limit 1
     on conflict (repository, tag, day) do update set pulls = pulls.pulls + excluded.pulls`,
    [fetched.repository, fetched.contentDigest, fetched.day, fetched.count],
  );
}

/** Day by day, the days without a pull left out; those of one version, or with an empty tag of all together. */
export async function listPullDays(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag | '',
  days: { readonly from: number; readonly to: number },
): Promise<readonly { readonly day: number; readonly pulls: number }[]> {
  return await database.query(
    `select day, cast(sum(pulls) as bigint) as pulls from pulls
     where repository = $1 and ($2 = '' or tag = $2) and day between $3 and $4 group by day order by day`,
    [repository, tag, days.from, days.to],
  );
}
