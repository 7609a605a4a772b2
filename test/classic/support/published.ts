// Published versions to make indexes of, and the index that they make, written down without any tricks.
import type { IndexedVersion, IndexScope } from '../../../src/classic/index-source.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { lastSegment, parentOf, parseRepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';

export const ALL: IndexScope = { kind: 'all' };
export const TEAM: IndexScope = { kind: 'namespace', namespace: 'team' };
export const ARCHIVES = { kind: 'tgz' } as const;
export const EVERYTHING = { sees: () => true };

/** The version 1.`minor`.0 of a chart. */
export interface Published {
  readonly repository: string;
  readonly minor: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly listed?: boolean;
  readonly deprecated?: boolean;
  /** How the archive's digest begins: `ENDS` or not, a group of the index ends behind the version. */
  readonly digest?: string;
  readonly revision?: number;
}

export const ENDS = '00000000';
export const GOES_ON = 'ffffffff';

export function published({
  repository: path,
  minor,
  metadata,
  digest = GOES_ON,
  ...state
}: Published): IndexedVersion {
  const repository = parseRepositoryName(path);
  const name = lastSegment(repository);
  const version = `1.${minor}.0`;
  return {
    repository,
    tag: version as Tag,
    namespace: parentOf(repository),
    sortKey: String(minor).padStart(6, '0'),
    fileName: `${name}-${version}.tgz`,
    contentDigest:
      `sha256:${digest}${Buffer.from(`${minor} ${path}`).toString('hex').padEnd(56, '0').slice(0, 56)}` as Digest,
    publishedAt: Date.UTC(2026, 0, 1) + minor * 60_000,
    listed: state.listed ?? true,
    deprecated: state.deprecated ?? false,
    metadata: JSON.stringify({ apiVersion: 'v2', name, version, ...metadata }),
    revision: state.revision ?? 1,
  };
}

/** What an index of archives says about them. */
export function expectedIndex(versions: readonly IndexedVersion[], scope: IndexScope): unknown {
  const listed = versions.filter((version) => version.listed);
  const charts = Map.groupBy(listed.toSorted(byName), (version) =>
    scope.kind === 'all' ? version.repository : lastSegment(version.repository),
  );
  return {
    apiVersion: 'v1',
    entries: Object.fromEntries(
      [...charts].map(([key, own]) => [key, own.map((version) => expectedEntry(version, scope))]),
    ),
    generated: new Date(Math.max(0, ...listed.map(({ publishedAt }) => publishedAt))).toISOString(),
  };
}

function expectedEntry(version: IndexedVersion, scope: IndexScope): unknown {
  const folder = scope.kind === 'all' ? `/${version.namespace}/`.replace('//', '/') : '';
  return {
    ...JSON.parse(version.metadata ?? ''),
    ...(version.deprecated && { deprecated: true }),
    created: new Date(version.publishedAt).toISOString(),
    digest: version.contentDigest.replace('sha256:', ''),
    urls: [`${folder}charts/${version.fileName}`],
  };
}

/** Charts by repository, the newest version of each first. */
export function byName(one: IndexedVersion, other: IndexedVersion): number {
  if (one.repository !== other.repository) return one.repository < other.repository ? -1 : 1;
  return one.sortKey > other.sortKey ? -1 : 1;
}
