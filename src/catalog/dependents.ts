// Which charts depend on a chart, at which ranges, and what of it these admit.
import { setImmediate } from 'node:timers/promises';
import { versionOfTag } from '../charts/version.ts';
import { lastSegment, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { listDependencies, listDependentRepositories } from '../tables/dependents.ts';
import type { ChartDirectory } from './chart-directory.ts';
import type { MayRead } from './chart-list.ts';
import type { ChartSummaries } from './chart-summaries.ts';
import { placeOf } from './dependency-place.ts';
import { rangeAdmits } from './ranges.ts';
import { requireChart } from './versions.ts';
import { VersionsInOrder } from './versions-in-order.ts';

/** A chart whose newest version depends on the one that was asked for. */
export interface Dependent {
  readonly repository: RepositoryName;
  readonly version: string;
  /** One for each entry of Chart.yaml: a chart can be a dependency twice, under different aliases. */
  readonly ranges: readonly DependentRange[];
}

interface DependentRange {
  /** As Chart.yaml has it. */
  readonly range: string;
  /** The address in Chart.yaml. */
  readonly location: string;
  /** False when the address is the name that a repository has on somebody's machine, which may be this registry. */
  readonly isCertain: boolean;
  /** The newest version that the range admits; undefined when it admits none, or is no range. */
  readonly newestAllowed: string | undefined;
  /** Whether that is the newest version of all. */
  readonly allowsNewest: boolean;
}

export interface DependentsQuery {
  /** A version of the chart: only dependents whose range admits it. */
  readonly version: string | undefined;
  readonly hosts: readonly string[];
  /** Repositories behind this one. */
  readonly after: string;
  readonly limit: number;
}

interface Parts {
  readonly database: Database;
  readonly directory: ChartDirectory;
  readonly summaries: ChartSummaries;
}

const BATCH = 200;

/** In byte order of their names; only what the reader may read. @throws RegistryError NAME_UNKNOWN */
export async function listDependents(
  parts: Parts,
  repository: RepositoryName,
  query: DependentsQuery,
  mayRead: MayRead,
): Promise<readonly Dependent[]> {
  await requireChart(parts.database, repository);
  await parts.directory.names();
  const subject = new DependencySubject(parts.database, repository, query);
  const found: Dependent[] = [];
  for (let last = query.after; ; ) {
    const names = await listDependentRepositories(parts.database, lastSegment(repository), last, BATCH);
    for (const name of names) {
      const summary = mayRead(name) ? await parts.summaries.of(name) : undefined;
      const ranges = summary ? await subject.rangesOf(name, summary.tag) : [];
      if (summary && ranges.length > 0) found.push({ repository: name, version: summary.version, ranges });
      if (found.length >= query.limit) return found;
    }
    const end = names.at(-1);
    if (end === undefined || names.length < BATCH) return found;
    last = end;
    // A name such as "common" may have very many that depend on one elsewhere.
    await setImmediate();
  }
}

/** The chart that others depend on, with its versions as far as they were looked at. */
class DependencySubject {
  readonly #database: Database;
  readonly #repository: RepositoryName;
  readonly #query: DependentsQuery;
  readonly #versions: VersionsInOrder;

  constructor(database: Database, repository: RepositoryName, query: DependentsQuery) {
    this.#database = database;
    this.#repository = repository;
    this.#query = query;
    this.#versions = new VersionsInOrder(database, repository);
  }

  /** The ranges at which a version of another chart depends on this one. */
  async rangesOf(dependent: RepositoryName, tag: Tag): Promise<readonly DependentRange[]> {
    const asked = this.#query.version && versionOfTag(this.#query.version);
    const ranges: DependentRange[] = [];
    for (const dependency of await listDependencies(this.#database, dependent, tag)) {
      const place = placeOf(dependency, this.#query.hosts);
      const isHere = place.kind === 'here' && place.repository === this.#repository;
      if (dependency.name !== lastSegment(this.#repository) || !(isHere || place.kind === 'alias')) continue;
      const { versionRange: range, location } = dependency;
      if (asked !== undefined && !rangeAdmits(range, asked)) continue;
      const newestAllowed = (await this.#versions.chosenFor(range))?.version.text;
      const allowsNewest =
        newestAllowed !== undefined && newestAllowed === (await this.#versions.newest())?.version.text;
      ranges.push({ range, location, isCertain: isHere, newestAllowed, allowsNewest });
    }
    return ranges;
  }
}
