// Table collection_holds: who copies what is stored, so that no bytes are taken away meanwhile.
import type { Queryable, Transaction } from '../ports/database.ts';

/** Holds the bytes of all blobs until a time, or prolongs that: milliseconds since 1970. */
export async function holdCollection(tx: Transaction, id: string, until: number): Promise<void> {
  await tx.query(
    'insert into collection_holds (id, held_until) values ($1, $2) on conflict (id) do update set held_until = excluded.held_until',
    [id, until],
  );
}

export async function releaseCollection(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from collection_holds where id = $1', [id]);
}

export async function isCollectionHeld(database: Queryable, now: number): Promise<boolean> {
  return (await database.query('select id from collection_holds where held_until > $1 limit 1', [now])).length > 0;
}
