// Table collected_blobs: blobs that have lost their row, and lose their bytes, or have lost them of late.
import type { Digest } from '../oci/digest.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

/** For the transaction that takes the blob's row away, or has found that there is none. */
export async function insertCollected(tx: Transaction, digest: Digest, now: number): Promise<void> {
  await tx.query(
    `insert into collected_blobs (digest, collected_at, gone) values ($1, $2, 0)
     on conflict (digest) do update set collected_at = excluded.collected_at, gone = 0`,
    [digest, now],
  );
}

/** Lets the bytes of a blob stay, if they are there still. True when they were, or are, about to be taken away. */
export async function forgetCollected(tx: Transaction, digest: Digest): Promise<boolean> {
  const rows = await tx.query('delete from collected_blobs where digest = $1 returning digest', [digest]);
  return rows.length > 0;
}

/** Some of the blobs whose bytes are to be taken away, behind one, in the order of their digests. */
export async function listCollected(database: Queryable, after: string, limit: number): Promise<readonly Digest[]> {
  const rows = await database.query<{ digest: Digest }>(
    'select digest from collected_blobs where gone = 0 and digest > $1 order by digest limit $2',
    [after, limit],
  );
  return rows.map(({ digest }) => digest);
}

/** For the transaction in which the bytes are taken away. False when they are to stay after all. */
export async function markGone(tx: Transaction, digest: Digest, now: number): Promise<boolean> {
  const rows = await tx.query(
    'update collected_blobs set gone = 1, collected_at = $2 where digest = $1 and gone = 0 returning digest',
    [digest, now],
  );
  return rows.length > 0;
}

/** Forgets what was taken away so long ago that no push of the same bytes can be under way since before. */
export async function forgetGoneBefore(tx: Transaction, time: number): Promise<void> {
  await tx.query('delete from collected_blobs where gone = 1 and collected_at < $1', [time]);
}
