// Table collection_holds: who copies what is stored, and until when garbage collection takes no bytes away for it.
import type { Queryable, Transaction } from '../ports/database.ts';

/** Begins a hold, or prolongs the one with this id. @param until milliseconds since 1970: when it ends by itself */
export async function holdCollection(tx: Transaction, id: string, until: number): Promise<void> {
  await tx.query(
    `insert into collection_holds (id, held_until) values ($1, $2)
     on conflict (id) do update set held_until = excluded.held_until`,
    [id, until],
  );
}

/** Ends a hold, if it is there. */
export async function releaseCollection(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from collection_holds where id = $1', [id]);
}

/** Whether anybody holds at this time: milliseconds since 1970. */
export async function isCollectionHeld(database: Queryable, now: number): Promise<boolean> {
  return (await database.query('select id from collection_holds where held_until > $1 limit 1', [now])).length > 0;
}
