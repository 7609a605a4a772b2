// Rows of blobs and tags as they are put back into a database that is made again.
import type { Digest } from '../oci/digest.ts';
import type { Transaction } from '../ports/database.ts';
import type { TagSource } from './journal-source.ts';

/** @param blob.damagedAt when its bytes were found to be missing; null when they are there */
export async function putStoredBlob(
  tx: Transaction,
  blob: {
    readonly digest: Digest;
    readonly size: number;
    readonly createdAt: number;
    readonly damagedAt: number | null;
  },
): Promise<void> {
  await tx.query(
    `insert into blobs (digest, size, created_at, damaged_at) values ($1, $2, $3, $4) on conflict (digest) do nothing`,
    [blob.digest, blob.size, blob.createdAt, blob.damagedAt],
  );
}

/** With all that it remembers, also when it was deleted. */
export async function putTag(tx: Transaction, tag: TagSource): Promise<void> {
  await tx.query(
    `insert into tags
       (repository, name, digest, fixed, identity, provenance, push_id, pushed_at, pushed_by, deleted_at, deleted_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tag.repository,
      tag.tag,
      tag.digest,
      tag.fixed,
      tag.identity,
      tag.provenance,
      tag.pushId,
      tag.pushedAt,
      tag.pushedBy,
      tag.deletedAt,
      tag.deletedBy,
    ],
  );
}
