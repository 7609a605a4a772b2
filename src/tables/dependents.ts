// Table chart_dependencies as whoever looks for dependents reads it: what one version depends on, and which charts depend on a name.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import type { DependencyRow } from './chart-dependencies.ts';

/** What a version depends on, in the order of its Chart.yaml. */
export async function listDependencies(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<readonly DependencyRow[]> {
  return await database.query<DependencyRow>(
    `select name, version_range as "versionRange", location from chart_dependencies
     where repository = $1 and tag = $2 order by position`,
    [repository, tag],
  );
}

/** Repositories with a version, listed or not, that depends on a chart of this name; behind `last` in byte order. */
export async function listDependentRepositories(
  database: Queryable,
  name: string,
  last: string,
  limit: number,
): Promise<readonly RepositoryName[]> {
  // From one repository to the next by the index, however many versions each has.
  const rows = await database.query<{ repository: RepositoryName }>(
    `with recursive found (repository) as (
       select min(repository) from chart_dependencies where name = $1 and repository > $2
       union all
       select (select min(repository) from chart_dependencies where name = $1 and repository > found.repository)
       from found where found.repository is not null)
     select repository from found where repository is not null limit $3`,
    [name, last, limit],
  );
  return rows.map(({ repository }) => repository);
}
