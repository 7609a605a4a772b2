// What a version depends on: where that is, which version its range admits today, which one was locked, and what is packed in it.
import type { ChartDependency } from '../charts/chart-yaml.ts';
import type { DescribedSubchart } from '../charts/describe-contents.ts';
import { LOCKS } from '../charts/known-files.ts';
import { type LockFile, parseLockFile } from '../charts/lock-file.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import type { MayRead } from './chart-list.ts';
import type { ContentsCache } from './contents-cache.ts';
import { type DependencyPlace, placeOf } from './dependency-place.ts';
import type { Descriptions } from './descriptions.ts';
import { rangeAdmits } from './ranges.ts';
import type { VersionFacts } from './versions.ts';
import { type OrderedVersion, VersionsInOrder } from './versions-in-order.ts';

export interface Dependency {
  /** Its place in Chart.yaml, from 0 on. */
  readonly position: number;
  readonly name: string;
  readonly alias: string | undefined;
  readonly condition: string | undefined;
  /** As Chart.yaml has it; empty for none. */
  readonly range: string;
  readonly location: string;
  readonly place: DependencyPlace;
  /** In Chart.lock, or requirements.lock, of the archive. */
  readonly locked: string | undefined;
  /** The version that lies in charts/. */
  readonly bundled: string | undefined;
  /** What the range admits in this registry; undefined when nothing, when it is not there, or not for the reader. */
  readonly newestAllowed: OrderedVersion | undefined;
  readonly newest: OrderedVersion | undefined;
}

interface Parts {
  readonly database: Database;
  readonly archives: ContentsCache;
  readonly descriptions: Descriptions;
}

export interface DependenciesQuery {
  readonly hosts: readonly string[];
  /** Entries from this place on. */
  readonly from: number;
  readonly limit: number;
}

/** In the order of Chart.yaml. @throws RegistryError TOO_MANY_REQUESTS; what the blob store throws */
export async function listDependencies(
  { database, archives, descriptions }: Parts,
  { contentDigest, metadata }: VersionFacts,
  { hosts, from, limit }: DependenciesQuery,
  mayRead: MayRead,
): Promise<readonly Dependency[]> {
  const entries = [...(metadata.dependencies ?? []).entries()].slice(from, from + limit);
  if (entries.length === 0) return [];
  const description = await descriptions.of(contentDigest, metadata);
  const subcharts = description.kind === 'described' ? description.contents.subcharts : [];
  const lock = await lockOf(archives, contentDigest);
  const versions = new Map<RepositoryName, VersionsInOrder>();
  const dependencies: Dependency[] = [];
  for (const [position, dependency] of entries) {
    const { name, alias, condition, version: range = '', repository: location } = dependency;
    const place = placeOf({ name, location }, hosts);
    // What may not be read is as if it was not there.
    const repository = place.kind === 'here' && mayRead(place.repository) ? place.repository : undefined;
    const known = repository && (versions.get(repository) ?? new VersionsInOrder(database, repository));
    if (repository && known) versions.set(repository, known);
    dependencies.push({
      ...{ position, name, alias, condition, range, location, place },
      locked: lockedVersion(lock, position, name),
      bundled: bundledVersion(dependency, subcharts),
      newestAllowed: await known?.chosenFor(range),
      newest: await known?.newest(),
    });
  }
  return dependencies;
}

async function lockOf(
  archives: ContentsCache,
  contentDigest: VersionFacts['contentDigest'],
): Promise<LockFile | undefined> {
  const opened = await archives.open(contentDigest);
  if (opened.kind === 'unreadable') return undefined;
  const text = LOCKS.map((path) => opened.contents.text(path)).find((each) => each !== undefined);
  if (text === undefined) return undefined;
  try {
    return parseLockFile(text);
  } catch (error) {
    // The description of the contents tells of it.
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

function lockedVersion(lock: LockFile | undefined, position: number, name: string): string | undefined {
  const atPosition = lock?.dependencies[position];
  const locked = atPosition?.name === name ? atPosition : lock?.dependencies.find((each) => each.name === name);
  return locked?.version || undefined;
}

/** Of several charts of one name in charts/, Helm takes the first that the range admits. */
function bundledVersion(
  { name, version = '' }: ChartDependency,
  subcharts: readonly DescribedSubchart[],
): string | undefined {
  const own = subcharts.filter((each) => each.name === name && /^charts\/[^/]+$/.test(each.path));
  return (own.find((each) => rangeAdmits(version, each.version)) ?? own[0])?.version;
}
