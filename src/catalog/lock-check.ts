// Checks a Chart.lock: whether it fits its Chart.yaml, what became of the versions that it names, and what newer ones there are.
import { type ChartMetadata, parseChartYaml } from '../charts/chart-yaml.ts';
import { isInSync, type LockedDependency, type LockFile, parseLockFile } from '../charts/lock-file.ts';
import { parseChartVersion, tagOfVersion } from '../charts/version.ts';
import { precedenceKeyOf } from '../charts/version-order.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findVersion } from '../tables/chart-catalog.ts';
import type { MayRead } from './chart-list.ts';
import { type DependencyPlace, placeOf } from './dependency-place.ts';
import { rangeAdmits } from './ranges.ts';
import { factsOf, type VersionFacts } from './versions.ts';
import { type OrderedVersion, VersionsInOrder } from './versions-in-order.ts';

export interface LockQuery {
  /** of Chart.lock */
  readonly lock: string;
  /** of Chart.yaml; without it nothing is said of ranges */
  readonly chart: string | undefined;
  /** of requirements.yaml, where charts of apiVersion v1 have their dependencies */
  readonly requirements: string | undefined;
  readonly hosts: readonly string[];
}

export interface LockCheck {
  /** Whether nothing is wrong: in sync as far as that is known, and every version of this registry there and not yanked. */
  readonly isGood: boolean;
  /** Whether the digest in the lock is that of these dependencies; undefined without Chart.yaml. */
  readonly isInSync: boolean | undefined;
  /** milliseconds since 1970 */
  readonly generatedAt: number | undefined;
  readonly dependencies: readonly CheckedDependency[];
}

export interface CheckedDependency extends LockedDependency {
  readonly place: DependencyPlace;
  /** Undefined when it is not there, or not for the reader, or not of this registry. */
  readonly found: VersionFacts | undefined;
  /** As Chart.yaml has it. */
  readonly range: string | undefined;
  /** Whether the range admits the version; undefined without a range. */
  readonly isInRange: boolean | undefined;
  /** The newest version that the range admits, when it is newer than this one. */
  readonly newerAllowed: string | undefined;
  /** The newest version of all, when it is newer than this one. */
  readonly newer: string | undefined;
}

/** Many times what real charts have; each may cost some thousand versions to be looked at. */
const MAXIMUM_DEPENDENCIES = 100;

/** @throws RegistryError REQUEST_INVALID that says what is wrong with one of the two files */
export async function checkLock(database: Database, query: LockQuery, mayRead: MayRead): Promise<LockCheck> {
  const { lock, chart } = readFiles(query);
  const versions = new Map<RepositoryName, VersionsInOrder>();
  const dependencies: CheckedDependency[] = [];
  for (const [index, locked] of lock.dependencies.entries()) {
    const place = placeOf({ name: locked.name, location: locked.repository }, query.hosts);
    const range = rangeOf(chart, lock, index);
    const isInRange = range === undefined ? undefined : rangeAdmits(range, locked.version);
    // What may not be read is as if it was not there.
    const repository = place.kind === 'here' && mayRead(place.repository) ? place.repository : undefined;
    const known = repository && (versions.get(repository) ?? new VersionsInOrder(database, repository));
    if (repository && known) versions.set(repository, known);
    const row = repository && (await findVersion(database, repository, tagOfVersion(locked.version) as Tag));
    dependencies.push({
      ...locked,
      ...{ place, range, isInRange },
      found: row && (await factsOf(database, row)),
      newerAllowed: range === undefined ? undefined : newerThan(locked, await known?.chosenFor(range)),
      newer: newerThan(locked, await known?.newest()),
    });
  }
  const inSync = chart && isInSync(chart, lock);
  const isGood = inSync !== false && dependencies.every(isSound);
  return { isGood, isInSync: inSync, generatedAt: lock.generatedAt, dependencies };
}

function readFiles(query: LockQuery): { readonly lock: LockFile; readonly chart: ChartMetadata | undefined } {
  try {
    const lock = parseLockFile(query.lock);
    const requirements = query.requirements === undefined ? undefined : Buffer.from(query.requirements);
    const chart = query.chart === undefined ? undefined : parseChartYaml(Buffer.from(query.chart), requirements);
    const count = Math.max(lock.dependencies.length, chart?.dependencies?.length ?? 0);
    if (count > MAXIMUM_DEPENDENCIES) {
      const message = `there are ${count} dependencies, at most ${MAXIMUM_DEPENDENCIES} are checked at once`;
      throw new RegistryError('REQUEST_INVALID', message);
    }
    return { lock, chart };
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause;
    throw new RegistryError('REQUEST_INVALID', cause.message, { cause });
  }
}

/** Helm keeps the order of Chart.yaml, where one chart can stand twice; what was edited by hand is found by its name. */
function rangeOf(chart: ChartMetadata | undefined, lock: LockFile, index: number): string | undefined {
  const name = lock.dependencies[index]?.name;
  const asked = chart?.dependencies ?? [];
  const dependency = asked[index]?.name === name ? asked[index] : asked.find((each) => each.name === name);
  return dependency?.version;
}

function newerThan(locked: LockedDependency, candidate: OrderedVersion | undefined): string | undefined {
  const version = parseChartVersion(locked.version);
  if (!candidate || !version) return undefined;
  return precedenceKeyOf(candidate.version) > precedenceKeyOf(version) ? candidate.version.text : undefined;
}

function isSound({ place, found, isInRange }: CheckedDependency): boolean {
  const isThere = place.kind !== 'here' || (found !== undefined && !found.isYanked);
  return isThere && isInRange !== false;
}
