// What lists say of each chart, put together once for each change of it.
import { beginningOf } from '../charts/beginning-of-text.ts';
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { BoundedMap } from '../events/bounded-map.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { findNewestVersion } from '../tables/chart-catalog.ts';
import { countListedVersions } from '../tables/chart-directory.ts';
import { countPullsOfChart } from '../tables/version-facts.ts';
import type { ChartDirectory } from './chart-directory.ts';

export interface ChartSummary {
  readonly repository: RepositoryName;
  readonly namespace: string;
  readonly name: string;
  /** The newest that is listed, a stable one if there is any; what follows is of this one. */
  readonly version: string;
  readonly tag: Tag;
  readonly appVersion: string | undefined;
  readonly description: string | undefined;
  readonly type: 'application' | 'library';
  readonly icon: string | undefined;
  readonly isDeprecated: boolean;
  readonly isSigned: boolean;
  readonly publishedAt: number;
  /** How many versions are listed. */
  readonly versions: number;
  /** When the last one of these was published, which may be one of an older line: milliseconds since 1970. */
  readonly updatedAt: number;
  /** Up to a minute late. */
  readonly pulls: number;
}

type LastingSummary = Omit<ChartSummary, 'pulls'>;

const MAXIMUM_CHARTS = 10_000;
/** Characters of a text: Chart.yaml may have 1 MiB of each, and the summaries of many charts are kept. */
const MAXIMUM_TEXT = 1_000;
/** milliseconds */
const PULLS_KEPT = 60_000;

export class ChartSummaries {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #directory: ChartDirectory;
  readonly #summaries = new BoundedMap<{ readonly revision: number; readonly summary: LastingSummary }>(MAXIMUM_CHARTS);
  readonly #pulls = new BoundedMap<{ readonly at: number; readonly pulls: number }>(MAXIMUM_CHARTS);

  constructor(database: Database, clock: Clock, directory: ChartDirectory) {
    this.#database = database;
    this.#clock = clock;
    this.#directory = directory;
  }

  /** Of a chart that the directory has just named; undefined when it has no version to show any more. */
  async of(repository: RepositoryName): Promise<ChartSummary | undefined> {
    const summary = await this.#lastingOf(repository);
    return summary && { ...summary, pulls: await this.#pullsOf(repository) };
  }

  async #lastingOf(repository: RepositoryName): Promise<LastingSummary | undefined> {
    const revision = this.#directory.revisionOf(repository);
    const known = this.#summaries.get(repository);
    if (known && known.revision === revision) return known.summary;
    const newest = await findNewestVersion(this.#database, repository);
    if (!newest) return undefined;
    const { versions, publishedAt } = await countListedVersions(this.#database, repository);
    const { namespace, name, version, tag, provenanceDigest, deprecated } = newest;
    const metadata = JSON.parse(newest.metadata) as ChartMetadata;
    const summary: LastingSummary = {
      ...{ repository, namespace, name, version, tag, versions, updatedAt: publishedAt },
      appVersion: shortened(metadata.appVersion),
      description: shortened(metadata.description),
      type: metadata.type ?? 'application',
      // Half of an address leads nowhere.
      icon: metadata.icon === shortened(metadata.icon) ? metadata.icon : undefined,
      isDeprecated: deprecated === 1,
      isSigned: provenanceDigest !== null,
      publishedAt: newest.publishedAt,
    };
    // What was read after a later change is kept with the revision before it, and so is read once more.
    if (revision !== undefined) this.#summaries.set(repository, { revision, summary });
    return summary;
  }

  async #pullsOf(repository: RepositoryName): Promise<number> {
    const now = this.#clock.now();
    const known = this.#pulls.get(repository);
    if (known && now - known.at < PULLS_KEPT) return known.pulls;
    const pulls = await countPullsOfChart(this.#database, repository);
    this.#pulls.set(repository, { at: now, pulls });
    return pulls;
  }
}

/** For what is said of many charts at once. */
export function shortened(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= MAXIMUM_TEXT) return text;
  return `${beginningOf(text, MAXIMUM_TEXT)}…`;
}
