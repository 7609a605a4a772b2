// Table catalog_revision: one number that counts up with every change to what is published, and whether all of it is entered.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

/**
 * In the transaction of the change, and before it, so that changes that run side by side become visible in the order of
 * their revisions: whoever has read up to one misses none below it.
 */
export async function countCatalogRevisionUp(tx: Transaction): Promise<number> {
  const rows = await tx.query<{ revision: number }>(
    'update catalog_revision set revision = revision + 1 returning revision',
  );
  const [row] = rows;
  if (!row) throw new Error('the table catalog_revision has lost its row: restore the database from a backup');
  return row.revision;
}

/** Notes that the repository's list of tags is another one since this revision. */
export async function setTagsRevision(tx: Transaction, repository: RepositoryName, revision: number): Promise<void> {
  await tx.query('update repositories set revision = $2 where name = $1', [repository, revision]);
}

/** Whether every published version is known to have its row in `chart_versions`. */
export async function areVersionsEntered(database: Queryable): Promise<boolean> {
  const rows = await database.query<{ entered: number }>('select versions_entered as entered from catalog_revision');
  return rows[0]?.entered === 1;
}

/** From then on each version is entered with the push of its tag, and none has to be looked for. */
export async function noteVersionsEntered(tx: Transaction): Promise<void> {
  await tx.query('update catalog_revision set versions_entered = 1');
}
