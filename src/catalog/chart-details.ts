// One chart: its newest version with all that Chart.yaml says, and what holds for all of its versions.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findNewestVersion, listVersions } from '../tables/chart-catalog.ts';
import { countPullsOfChart, listFloatingVersions } from '../tables/version-facts.ts';
import type { ChartDirectory } from './chart-directory.ts';
import type { ChartSummaries } from './chart-summaries.ts';
import { type ChartNotice, factsOf, noticeOn, unknownChart, type VersionFacts } from './versions.ts';

export interface ChartDetails {
  /** The newest listed version, a stable one if there is any; of a chart whose versions are all yanked the newest of these. */
  readonly newest: VersionFacts;
  /** What is said of the whole chart. */
  readonly notice: ChartNotice | undefined;
  readonly floatingTags: readonly FloatingTag[];
  /** How many are listed. */
  readonly versions: number;
  /** When the last of these was published: milliseconds since 1970; undefined when none is listed. */
  readonly updatedAt: number | undefined;
  /** Up to a minute late. */
  readonly pulls: number;
}

interface FloatingTag {
  readonly tag: Tag;
  readonly version: string;
}

interface Parts {
  readonly database: Database;
  readonly directory: ChartDirectory;
  readonly summaries: ChartSummaries;
}

/** So many are shown; the version on which a tag stands tells of it in any case. */
const MAXIMUM_FLOATING_TAGS = 200;

/** @throws RegistryError NAME_UNKNOWN */
export async function getChart(
  { database, directory, summaries }: Parts,
  repository: RepositoryName,
): Promise<ChartDetails> {
  const [newestYanked] = await listVersions(database, repository, { before: undefined, limit: 1, onlyListed: false });
  const newest = (await findNewestVersion(database, repository)) ?? newestYanked;
  if (!newest) throw unknownChart(repository);
  await directory.names();
  const summary = await summaries.of(repository);
  return {
    newest: await factsOf(database, newest),
    notice: await noticeOn(database, repository, ''),
    floatingTags: await listFloatingVersions(database, repository, MAXIMUM_FLOATING_TAGS),
    versions: summary?.versions ?? 0,
    updatedAt: summary?.updatedAt,
    pulls: summary?.pulls ?? (await countPullsOfChart(database, repository)),
  };
}
