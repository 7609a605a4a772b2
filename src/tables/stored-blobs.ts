// Table blobs as whoever copies or mends what is stored goes through it: in order, whatever repositories may read them.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface StoredBlob {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

/** Those behind `last` in byte order, at most `limit`. */
export async function listStoredBlobs(
  database: Queryable,
  last: string,
  limit: number,
): Promise<readonly StoredBlob[]> {
  return await database.query<StoredBlob>('select digest, size from blobs where digest > $1 order by digest limit $2', [
    last,
    limit,
  ]);
}

/** @returns how many there are, and their bytes in all */
export async function countStoredBlobs(
  database: Queryable,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const rows = await database.query<{ count: number; bytes: number }>(
    'select count(*) as count, cast(coalesce(sum(size), 0) as bigint) as bytes from blobs',
  );
  return rows[0] ?? { count: 0, bytes: 0 };
}

export async function isStoredBlob(database: Queryable, digest: Digest): Promise<boolean> {
  return (await database.query('select digest from blobs where digest = $1', [digest])).length > 0;
}

export interface BlobUse {
  readonly repository: RepositoryName;
  /** Empty where no tag points at the manifest that needs the blob, or no manifest of the repository does. */
  readonly tag: Tag | '';
}

/** Some of what a blob belongs to, in byte order. */
export async function listUsesOfBlob(database: Queryable, digest: Digest, limit: number): Promise<readonly BlobUse[]> {
  return await database.query<BlobUse>(
    `select distinct repository_blobs.repository, coalesce(tags.name, '') as tag from repository_blobs
       left join manifest_blobs
         on manifest_blobs.repository = repository_blobs.repository and manifest_blobs.blob = repository_blobs.digest
       left join tags on tags.repository = manifest_blobs.repository and tags.digest = manifest_blobs.manifest
     where repository_blobs.digest = $1 order by 1, 2 limit $2`,
    [digest, limit],
  );
}

/** Notes that the bytes are not there, or not these. @param at milliseconds since 1970; an earlier time stays */
export async function noteBlobDamaged(tx: Transaction, digest: Digest, at: number): Promise<void> {
  await tx.query('update blobs set damaged_at = $2 where digest = $1 and damaged_at is null', [digest, at]);
}
