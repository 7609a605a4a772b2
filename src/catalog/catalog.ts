// The charts that are published, as whoever looks for one asks for them.
import type { ChartComparison } from '../charts/compare/compare-charts.ts';
import type { ChartContents } from '../charts/contents.ts';
import { knownFiles } from '../charts/known-files.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { type ChartDetails, getChart } from './chart-details.ts';
import { ChartDirectory } from './chart-directory.ts';
import { type ChartNamespace, listChartNamespaces, listCharts, type MayRead } from './chart-list.ts';
import { ChartSummaries, type ChartSummary } from './chart-summaries.ts';
import { Comparisons } from './comparison.ts';
import { ContentsCache } from './contents-cache.ts';
import { type DependenciesQuery, type Dependency, listDependencies } from './dependencies.ts';
import { type Dependent, type DependentsQuery, listDependents } from './dependents.ts';
import { Descriptions } from './descriptions.ts';
import { checkLock, type LockCheck, type LockQuery } from './lock-check.ts';
import { Provenances, type VersionProvenance } from './provenances.ts';
import { type PullHistory, readPullHistory } from './pull-history.ts';
import { type RangeQuery, resolveRange } from './resolve.ts';
import {
  type ListedFile,
  listFiles,
  readFile,
  readVersionContents,
  requireContents,
  type VersionContents,
} from './version-contents.ts';
import {
  type DetailedVersion,
  factsOf,
  getVersion,
  type ListedVersion,
  listVersions,
  requireVersion,
  type VersionFacts,
  type VersionPage,
} from './versions.ts';

interface CatalogOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

interface CatalogParts {
  readonly database: Database;
  readonly directory: ChartDirectory;
  readonly summaries: ChartSummaries;
  readonly archives: ContentsCache;
  readonly descriptions: Descriptions;
}

/** Everything that is known of a version. */
export interface VersionDetails {
  readonly version: DetailedVersion;
  readonly contents: VersionContents;
  /** Undefined when it is not signed. */
  readonly provenance: VersionProvenance | undefined;
}

/**
 * Whether somebody may read the chart that a method names, its caller has found out; of all other charts a method tells only
 * what `mayRead` lets through. What is not there is refused with RegistryError NAME_UNKNOWN (the chart), MANIFEST_UNKNOWN (the
 * version) or NOT_FOUND; TOO_MANY_REQUESTS when too many archives are being opened.
 */
export class Catalog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #parts: CatalogParts;
  readonly #comparisons: Comparisons;
  readonly #provenances: Provenances;

  constructor({ database, blobs, clock }: CatalogOptions) {
    const directory = new ChartDirectory(database);
    const archives = new ContentsCache(blobs);
    this.#database = database;
    this.#clock = clock;
    this.#parts = {
      ...{ database, directory, archives },
      summaries: new ChartSummaries(database, clock, directory),
      descriptions: new Descriptions(database, clock, archives),
    };
    this.#comparisons = new Comparisons(this.#parts);
    this.#provenances = new Provenances(blobs);
  }

  /** @param page.namespace the charts right in it (the root is the empty path); undefined for all */
  async listCharts(
    page: { readonly namespace: string | undefined; readonly after: string; readonly limit: number },
    mayRead: MayRead,
  ): Promise<readonly ChartSummary[]> {
    return await listCharts(this.#parts, page, mayRead);
  }

  /** What lists say of a chart; undefined when it has no version to show. */
  async summarize(repository: RepositoryName): Promise<ChartSummary | undefined> {
    await this.#parts.directory.names();
    return await this.#parts.summaries.of(repository);
  }

  async listNamespaces(
    page: { readonly after: string | undefined; readonly limit: number },
    mayRead: MayRead,
  ): Promise<readonly ChartNamespace[]> {
    return await listChartNamespaces(this.#parts.directory, page, mayRead);
  }

  async getChart(repository: RepositoryName): Promise<ChartDetails> {
    return await getChart(this.#parts, repository);
  }

  async listVersions(repository: RepositoryName, page: VersionPage): Promise<readonly ListedVersion[]> {
    return await listVersions(this.#database, repository, page);
  }

  /** @param version as in Chart.yaml, or its tag */
  async getVersion(repository: RepositoryName, version: string): Promise<VersionDetails> {
    const found = await getVersion(this.#database, repository, version);
    return {
      version: found,
      contents: await readVersionContents(this.#parts, found.contentDigest, found.metadata),
      provenance: await this.#provenances.of(found),
    };
  }

  async listFiles(
    repository: RepositoryName,
    version: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly ListedFile[]> {
    const { contentDigest } = await requireVersion(this.#database, repository, version);
    return await listFiles(this.#parts.archives, contentDigest, page);
  }

  /** @param path below the chart's top folder */
  async readFile(repository: RepositoryName, version: string, path: string): Promise<Uint8Array> {
    const { contentDigest } = await requireVersion(this.#database, repository, version);
    return await readFile(this.#parts.archives, contentDigest, path);
  }

  /** All files at once: an archive that is too large to be kept would be opened again for each `readFile`. */
  async readContents(repository: RepositoryName, version: string): Promise<ChartContents> {
    const { contentDigest } = await requireVersion(this.#database, repository, version);
    return await requireContents(this.#parts.archives, contentDigest);
  }

  async listDependencies(
    repository: RepositoryName,
    version: string,
    query: DependenciesQuery,
    mayRead: MayRead,
  ): Promise<readonly Dependency[]> {
    const facts = await this.#facts(repository, version);
    return await listDependencies(this.#parts, facts, query, mayRead);
  }

  async listDependents(
    repository: RepositoryName,
    query: DependentsQuery,
    mayRead: MayRead,
  ): Promise<readonly Dependent[]> {
    return await listDependents(this.#parts, repository, query, mayRead);
  }

  async resolve(repository: RepositoryName, query: RangeQuery): Promise<VersionFacts> {
    return await resolveRange(this.#database, repository, query);
  }

  /** @param versions as in Chart.yaml, or their tags */
  async compare(
    repository: RepositoryName,
    versions: { readonly from: string; readonly to: string },
  ): Promise<ChartComparison> {
    const from = await this.#facts(repository, versions.from);
    const to = await this.#facts(repository, versions.to);
    return await this.#comparisons.compare(from, to);
  }

  async checkLock(query: LockQuery, mayRead: MayRead): Promise<LockCheck> {
    return await checkLock(this.#database, query, mayRead);
  }

  /** Of the last so many days, today included. */
  async readPulls(
    repository: RepositoryName,
    query: { readonly days: number; readonly version: string | undefined },
  ): Promise<PullHistory> {
    return await readPullHistory(this.#database, repository, { ...query, now: this.#clock.now() });
  }

  /** The README of a chart's archive; empty when it has none, or cannot be read. */
  async readmeOf(contentDigest: Digest): Promise<string> {
    const opened = await this.#parts.archives.open(contentDigest);
    if (opened.kind === 'unreadable') return '';
    const { readme } = knownFiles(opened.contents);
    return readme === undefined ? '' : (opened.contents.text(readme) ?? '');
  }

  async #facts(repository: RepositoryName, version: string): Promise<VersionFacts> {
    return await factsOf(this.#database, await requireVersion(this.#database, repository, version));
  }
}
