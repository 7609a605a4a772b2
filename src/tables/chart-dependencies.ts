// Table chart_dependencies: what each published version says that it depends on.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface DependencyRow {
  readonly name: string;
  readonly versionRange: string;
  /** The address that Chart.yaml gives as "repository": empty, an alias, file://, https:// or oci://. */
  readonly location: string;
}

/** In the place of those that were there. */
export async function putDependencies(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag,
  dependencies: readonly DependencyRow[],
): Promise<void> {
  await tx.query('delete from chart_dependencies where repository = $1 and tag = $2', [repository, tag]);
  for (const [position, { name, versionRange, location }] of dependencies.entries()) {
    await tx.query(
      `insert into chart_dependencies (repository, tag, position, name, version_range, location)
       values ($1, $2, $3, $4, $5, $6)`,
      [repository, tag, position, name, versionRange, location],
    );
  }
}

export interface DependentRow extends DependencyRow {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly version: string;
  readonly sortKey: string;
}

/** Listed versions that depend on a chart of this name, wherever it may be; in order of repository and tag, behind `last`. */
export async function listDependents(
  database: Queryable,
  name: string,
  last: { readonly repository: string; readonly tag: string },
  limit: number,
): Promise<readonly DependentRow[]> {
  return await database.query<DependentRow>(
    `select dependencies.repository, dependencies.tag, dependencies.name, version_range as "versionRange", location,
       version, sort_key as "sortKey"
     from chart_dependencies as dependencies
       join chart_versions on chart_versions.repository = dependencies.repository and chart_versions.tag = dependencies.tag
     where dependencies.name = $1 and (dependencies.repository, dependencies.tag) > ($2, $3) and listed = 1
     order by dependencies.repository, dependencies.tag, position limit $4`,
    [name, last.repository, last.tag, limit],
  );
}
