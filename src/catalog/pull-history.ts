// How often a chart was pulled, day by day and by version.
import { versionOfTag } from '../charts/version.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import { DAY } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { listPullDays } from '../tables/pulls.ts';
import { listMostPulled } from '../tables/version-facts.ts';
import { requireChart, requireVersion } from './versions.ts';

export interface PullHistory {
  /** From the oldest to today, each day once. */
  readonly days: readonly { readonly day: number; readonly pulls: number }[];
  /** The versions that were pulled most on these days, and only those that were. */
  readonly versions: readonly { readonly version: string; readonly pulls: number }[];
  /** Of all versions, or of the one that was asked for, on these days. */
  readonly total: number;
}

interface PullQuery {
  readonly days: number;
  readonly version: string | undefined;
  /** milliseconds since 1970 */
  readonly now: number;
}

const MAXIMUM_VERSIONS = 100;

/** @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN */
export async function readPullHistory(
  database: Database,
  repository: RepositoryName,
  query: PullQuery,
): Promise<PullHistory> {
  const to = Math.floor(query.now / DAY);
  const from = to - query.days + 1;
  const tag = await tagAsked(database, repository, query.version);
  const counted = new Map(
    (await listPullDays(database, repository, tag, { from, to })).map(({ day, pulls }) => [day, pulls]),
  );
  const days = Array.from({ length: query.days }, (_, index) => from + index);
  const total = [...counted.values()].reduce((sum, pulls) => sum + pulls, 0);
  const all = tag === '' ? await listMostPulled(database, repository, { from, to }, MAXIMUM_VERSIONS) : [];
  return {
    days: days.map((day) => ({ day, pulls: counted.get(day) ?? 0 })),
    versions: tag === '' || total === 0 ? all : [{ version: versionOfTag(tag), pulls: total }],
    total,
  };
}

async function tagAsked(
  database: Database,
  repository: RepositoryName,
  version: string | undefined,
): Promise<Tag | ''> {
  if (version !== undefined) return (await requireVersion(database, repository, version)).tag;
  await requireChart(database, repository);
  return '';
}
