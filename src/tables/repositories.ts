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

/** The revision with which its list of tags changed last; undefined when nothing was ever pushed to it. */
export async function readTagsRevision(database: Queryable, name: RepositoryName): Promise<number | undefined> {
  const rows = await database.query<{ revision: number }>('select revision from repositories where name = $1', [name]);
  return rows[0]?.revision;
}

/** Those below a path (the root is the empty one), and that of this very name; behind `last` in byte order, at most `limit`. */
export async function listRepositoriesBelow(
  database: Queryable,
  path: string,
  last: string,
  limit: number,
): Promise<readonly RepositoryName[]> {
  // "0" is the character behind "/", and no name has "~".
  const [from, end] = path === '' ? ['', '~'] : [`${path}/`, `${path}0`];
  const rows = await database.query<{ name: RepositoryName }>(
    `select name from repositories where name >= $1 and name < $2 and name > $3 and (name = $1 or name >= $4)
     order by name limit $5`,
    [path, end, last, from, limit],
  );
  return rows.map(({ name }) => name);
}
