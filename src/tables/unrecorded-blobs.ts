// Table unrecorded_blobs: bytes that are stored and that no row names, and when they were found.
import type { Digest } from '../oci/digest.ts';
import type { Transaction } from '../ports/database.ts';

/** Notes that they were found. @returns when they were first: milliseconds since 1970 */
export async function noteUnrecorded(tx: Transaction, digest: Digest, now: number): Promise<number> {
  // A clock that was put back must not make that a time to come.
  const rows = await tx.query<{ foundAt: number }>(
    `insert into unrecorded_blobs (digest, found_at) values ($1, $2)
     on conflict (digest) do update set found_at =
       case when unrecorded_blobs.found_at > excluded.found_at then excluded.found_at else unrecorded_blobs.found_at end
     returning found_at as "foundAt"`,
    [digest, now],
  );
  return rows[0]?.foundAt ?? now;
}

export async function forgetUnrecorded(tx: Transaction, digest: Digest): Promise<void> {
  await tx.query('delete from unrecorded_blobs where digest = $1', [digest]);
}

/** Forgets those that have a row by now. */
export async function forgetRecorded(tx: Transaction): Promise<void> {
  await tx.query(
    'delete from unrecorded_blobs where exists (select 1 from blobs where blobs.digest = unrecorded_blobs.digest)',
  );
}
