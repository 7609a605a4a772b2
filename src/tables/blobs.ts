// Tables blobs and repository_blobs: which bytes are stored, and which repository may read them.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface StoredBlob {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

/**
 * Records a stored blob and lets the repository read it; repeating it only tells garbage collection that it is wanted. What is
 * there is not known to be sound.
 */
export async function linkBlob(
  tx: Transaction,
  blob: { readonly repository: RepositoryName; readonly digest: Digest; readonly size: number; readonly now: number },
): Promise<void> {
  await tx.query('insert into blobs (digest, size, created_at) values ($1, $2, $3) on conflict (digest) do nothing', [
    blob.digest,
    blob.size,
    blob.now,
  ]);
  await tx.query(
    `insert into repository_blobs (repository, digest, linked_at) values ($1, $2, $3)
     on conflict (repository, digest) do update set unneeded_since = null`,
    [blob.repository, blob.digest, blob.now],
  );
}

/** The size in bytes of a blob that the repository may read; undefined also while it is known to be damaged. */
export async function findBlobSize(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<number | undefined> {
  // Not a join: see `findManifest`.
  const rows = await database.query<{ size: number }>(
    `select size from blobs
     where digest = (select l.digest from repository_blobs l where l.repository = $1 and l.digest = $2) and damaged_at is null`,
    [repository, digest],
  );
  return rows[0]?.size;
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

/** Some of the repositories that have the blob. */
export async function repositoriesWithBlob(
  database: Queryable,
  digest: Digest,
  limit: number,
): Promise<readonly RepositoryName[]> {
  const rows = await database.query<{ repository: RepositoryName }>(
    'select repository from repository_blobs where digest = $1 order by repository limit $2',
    [digest, limit],
  );
  return rows.map((row) => row.repository);
}

/** Takes the blob from the repository; the bytes stay stored. False when it was not there. */
export async function unlinkBlob(tx: Transaction, repository: RepositoryName, digest: Digest): Promise<boolean> {
  const rows = await tx.query('delete from repository_blobs where repository = $1 and digest = $2 returning digest', [
    repository,
    digest,
  ]);
  return rows.length > 0;
}

/** One manifest of the repository that needs the blob. */
export async function findManifestUsing(
  database: Queryable,
  repository: RepositoryName,
  blob: Digest,
): Promise<Digest | undefined> {
  const rows = await database.query<{ manifest: Digest }>(
    'select manifest from manifest_blobs where repository = $1 and blob = $2 limit 1',
    [repository, blob],
  );
  return rows[0]?.manifest;
}
