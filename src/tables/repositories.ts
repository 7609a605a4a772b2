// Table repositories: one row for each repository that a manifest was ever pushed to.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export async function createRepository(tx: Transaction, name: RepositoryName, now: number): Promise<void> {
  await tx.query('insert into repositories (name, created_at) values ($1, $2) on conflict (name) do nothing', [
    name,
    now,
  ]);
}

export async function repositoryExists(database: Queryable, name: RepositoryName): Promise<boolean> {
  const rows = await database.query('select name from repositories where name = $1', [name]);
  return rows.length > 0;
}

/** Names behind `last` in byte order, at most `limit`. */
export async function listRepositories(
  database: Queryable,
  last: string,
  limit: number,
): Promise<readonly RepositoryName[]> {
  const rows = await database.query<{ name: RepositoryName }>(
    'select name from repositories where name > $1 order by name limit $2',
    [last, limit],
  );
  return rows.map((row) => row.name);
}
