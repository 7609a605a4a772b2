// Table access_revision: one number that counts up with every change to who may do what.
import type { Queryable, Transaction } from '../ports/database.ts';

export async function readAccessRevision(database: Queryable): Promise<number> {
  const rows = await database.query<{ revision: number }>('select revision from access_revision');
  return rows[0]?.revision ?? 0;
}

/** In the transaction of the change, so that whoever reads the new number also reads the change. */
export async function countAccessRevisionUp(tx: Transaction): Promise<void> {
  await tx.query('update access_revision set revision = revision + 1');
}
