// The files of a classic repository: packed charts and their provenance files, by their names.
import { chartNamesIn } from '../charts/file-name.ts';
import type { Digest } from '../oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findVersionByFileName } from '../tables/chart-catalog.ts';

export interface ChartFile {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly name: string;
  readonly version: string;
  /** of the archive */
  readonly contentDigest: Digest;
  /** bytes of the archive */
  readonly size: number;
  readonly provenanceDigest: Digest | undefined;
}

/** A version that was yanked is there for whoever names it. @param fileName `web-1.2.0.tgz` */
export async function findChartFile(
  database: Database,
  namespace: string,
  fileName: string,
): Promise<ChartFile | undefined> {
  const row = await findVersionByFileName(database, namespace, fileName);
  if (!row) return undefined;
  const { repository, tag, name, version, contentDigest, size, provenanceDigest } = row;
  return { repository, tag, name, version, contentDigest, size, provenanceDigest: provenanceDigest ?? undefined };
}

/** The repositories in which the file can be, whether they exist or not: what may be told of it depends on nothing else. */
export function repositoriesOfFile(namespace: string, fileName: string): readonly RepositoryName[] {
  return chartNamesIn(fileName).flatMap((name) => {
    try {
      return [repositoryIn(namespace, name)];
    } catch {
      return [];
    }
  });
}

/** @throws RegistryError NAME_INVALID */
export function repositoryIn(namespace: string, chart: string): RepositoryName {
  return parseRepositoryName(namespace === '' ? chart : `${namespace}/${chart}`);
}
