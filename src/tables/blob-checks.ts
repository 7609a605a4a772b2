// Table blobs as whoever checks the stored bytes sees it: when each was checked last, which are damaged, and who needs them.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';
import type { StoredBlob } from './blobs.ts';

export interface BlobCheckRow extends StoredBlob {
  /** Milliseconds since 1970; 0 for never. Another one after every push of the content, which is how a push is noticed. */
  readonly checkedAt: number;
  /** milliseconds since 1970; null while it is sound */
  readonly damagedAt: number | null;
}

/** Where a walk over blobs in the order of their last checks stands. */
type CheckPosition = Pick<BlobCheckRow, 'checkedAt' | 'digest'>;

const COLUMNS = 'digest, size, checked_at as "checkedAt", damaged_at as "damagedAt"';

export async function findBlobCheck(database: Queryable, digest: Digest): Promise<BlobCheckRow | undefined> {
  const rows = await database.query<BlobCheckRow>(`select ${COLUMNS} from blobs where digest = $1`, [digest]);
  return rows[0];
}

/** Blobs that were not checked since `before`, the longest unchecked first, behind a position. */
export async function listUncheckedBlobs(
  database: Queryable,
  query: { readonly before: number; readonly after: CheckPosition | undefined; readonly limit: number },
): Promise<readonly BlobCheckRow[]> {
  const { before, after, limit } = query;
  return await database.query<BlobCheckRow>(
    `select ${COLUMNS} from blobs where (checked_at, digest) > ($1, $2) and checked_at < $3
     order by checked_at, digest limit $4`,
    [after?.checkedAt ?? -1, after?.digest ?? '', before, limit],
  );
}

/** All blobs behind one, in the order of their digests. */
export async function listBlobChecks(
  database: Queryable,
  after: string,
  limit: number,
): Promise<readonly BlobCheckRow[]> {
  return await database.query<BlobCheckRow>(`select ${COLUMNS} from blobs where digest > $1 order by digest limit $2`, [
    after,
    limit,
  ]);
}

/** Those that are known to be damaged, behind one, in the order of their digests. */
export async function listDamagedBlobs(
  database: Queryable,
  after: string,
  limit: number,
): Promise<readonly BlobCheckRow[]> {
  return await database.query<BlobCheckRow>(
    `select ${COLUMNS} from blobs where damaged_at is not null and digest > $1 order by digest limit $2`,
    [after, limit],
  );
}

/** How many blobs are known to be damaged and were not healed. */
export async function countDamagedBlobs(database: Queryable): Promise<number> {
  const rows = await database.query<{ number: number }>(
    'select count(*) as number from blobs where damaged_at is not null',
  );
  return rows[0]?.number ?? 0;
}

/**
 * Records that the bytes had their digest when they were read, unless the row has changed since it was: been marked, too.
 * @returns whether it was recorded
 */
export async function noteSoundBlob(
  tx: Transaction,
  seen: CheckPosition & Pick<BlobCheckRow, 'damagedAt'>,
  at: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update blobs set checked_at = $3, damaged_at = null
     where digest = $1 and checked_at = $2 and coalesce(damaged_at, -1) = $4 returning digest`,
    [seen.digest, seen.checkedAt, at, seen.damagedAt ?? -1],
  );
  return rows.length > 0;
}

/** False when the row has changed since it was read, is gone, or is marked already: then nothing changes. */
export async function markBlobDamaged(tx: Transaction, seen: CheckPosition, at: number): Promise<boolean> {
  const rows = await tx.query(
    `update blobs set damaged_at = $3 where digest = $1 and checked_at = $2 and damaged_at is null returning digest`,
    [seen.digest, seen.checkedAt, at],
  );
  return rows.length > 0;
}

/** Records that these bytes have come anew, and are stored as they should be. */
export async function noteStoredBlob(tx: Transaction, digest: Digest, now: number): Promise<void> {
  await tx.query(
    `update blobs set damaged_at = null, checked_at = case when checked_at < $2 then $2 else checked_at + 1 end
     where digest = $1`,
    [digest, now],
  );
}

export interface NeedingTag {
  readonly repository: RepositoryName;
  readonly tag: Tag;
}

/** Tags of manifests that need the blob, in order; but not those that the server keeps itself. */
export async function listTagsNeeding(
  database: Queryable,
  blob: Digest,
  limit: number,
): Promise<readonly NeedingTag[]> {
  return await database.query<NeedingTag>(
    `select distinct tags.repository, tags.name as tag
     from repository_blobs
       join manifest_blobs on manifest_blobs.repository = repository_blobs.repository
         and manifest_blobs.blob = repository_blobs.digest
       join tags on tags.repository = manifest_blobs.repository and tags.digest = manifest_blobs.manifest
     where repository_blobs.digest = $1 and tags.floating = 0
     order by tags.repository, tags.name limit $2`,
    [blob, limit],
  );
}

/** Whether the blob is in the repository, and known to be damaged. */
export async function isBlobDamaged(database: Queryable, repository: RepositoryName, digest: Digest): Promise<boolean> {
  const rows = await database.query(
    // Not a join: see `findManifest`.
    `select digest from blobs
     where digest = (select l.digest from repository_blobs l where l.repository = $1 and l.digest = $2)
       and damaged_at is not null`,
    [repository, digest],
  );
  return rows.length > 0;
}

/** Whether the manifest, or one of those that it lists, needs a blob that is known to be damaged. */
export async function needsDamagedBlob(
  database: Queryable,
  repository: RepositoryName,
  manifest: Digest,
): Promise<boolean> {
  const damaged = await database.query('select digest from blobs where damaged_at is not null limit 1');
  if (damaged.length === 0) return false;
  // In the order in which they stand (https://sqlite.org/optoverview.html#crossjoin): SQLite would begin with all blobs.
  const rows = await database.query(
    `select manifest_blobs.blob from manifest_blobs cross join blobs
     where manifest_blobs.repository = $1 and manifest_blobs.manifest = $2
       and blobs.digest = manifest_blobs.blob and damaged_at is not null
     union all
     select manifest_blobs.blob from manifest_children cross join manifest_blobs cross join blobs
     where manifest_children.repository = $1 and manifest_children.manifest = $2
       and manifest_blobs.repository = $1 and manifest_blobs.manifest = manifest_children.child
       and blobs.digest = manifest_blobs.blob and damaged_at is not null
     limit 1`,
    [repository, manifest],
  );
  return rows.length > 0;
}
