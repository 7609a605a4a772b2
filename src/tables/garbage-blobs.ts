// Blobs that nothing needs: which they are, since when, and taking their rows away.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

interface BlobPlace {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

export interface BlobUse extends BlobPlace {
  /** 1 when a manifest of the repository needs it. */
  readonly needed: number;
  /** Since when none does, as far as was noted: milliseconds since 1970. */
  readonly since: number | null;
}

const NEEDED = 'exists (select 1 from manifest_blobs n where n.repository = l.repository and n.blob = l.digest)';

/** A page of all blobs of all repositories, in the order of their places. */
export async function listBlobUses(
  database: Queryable,
  after: BlobPlace | undefined,
  limit: number,
): Promise<readonly BlobUse[]> {
  return await database.query<BlobUse>(
    `select l.repository, l.digest, l.unneeded_since as since, case when ${NEEDED} then 1 else 0 end as needed
     from repository_blobs l where (l.repository, l.digest) > ($1, $2) order by l.repository, l.digest limit $3`,
    [after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** Whether it was noted that no manifest needs the blob there. */
export async function isNotedUnneeded(database: Queryable, { repository, digest }: BlobPlace): Promise<boolean> {
  const rows = await database.query(
    'select digest from repository_blobs where repository = $1 and digest = $2 and unneeded_since is not null',
    [repository, digest],
  );
  return rows.length > 0;
}

/** Notes that no manifest needs the blob there, or, without a time, that one does, or that somebody is about to push one. */
export async function noteUnneeded(
  tx: Transaction,
  { repository, digest }: BlobPlace,
  since: number | null,
): Promise<void> {
  await tx.query('update repository_blobs set unneeded_since = $3 where repository = $1 and digest = $2', [
    repository,
    digest,
    since,
  ]);
}

export interface UnneededBlob extends BlobPlace {
  /** Since when no manifest needs it there: milliseconds since 1970. */
  readonly since: number;
  /** bytes */
  readonly size: number;
  /** How many repositories have it. */
  readonly places: number;
}

/** Some of the blobs that no manifest of their repository has needed since this time or longer, the longest first. */
export async function listUnneeded(
  database: Queryable,
  since: number,
  after: Pick<UnneededBlob, 'since' | 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly UnneededBlob[]> {
  return await database.query<UnneededBlob>(
    `select l.repository, l.digest, l.unneeded_since as since, blobs.size,
       (select count(*) from repository_blobs others where others.digest = l.digest) as places
     from repository_blobs l join blobs on blobs.digest = l.digest
     where l.unneeded_since <= $1 and (l.unneeded_since, l.repository, l.digest) > ($2, $3, $4) and not ${NEEDED}
     order by l.unneeded_since, l.repository, l.digest limit $5`,
    [since, after?.since ?? Number.MIN_SAFE_INTEGER, after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** Takes the blob from the repository if still no manifest there has needed it since this time. */
export async function unlinkUnneeded(
  tx: Transaction,
  { repository, digest }: BlobPlace,
  since: number,
): Promise<boolean> {
  const rows = await tx.query(
    `delete from repository_blobs as l
     where l.repository = $1 and l.digest = $2 and l.unneeded_since <= $3 and not ${NEEDED} returning digest`,
    [repository, digest, since],
  );
  return rows.length > 0;
}

export interface BlobLinks {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  /** 1 when a repository has it. */
  readonly linked: number;
}

/** A page of all blobs, in the order of their digests: those that no repository has are not searched for among millions at once. */
export async function listBlobLinks(database: Queryable, after: string, limit: number): Promise<readonly BlobLinks[]> {
  return await database.query<BlobLinks>(
    `select digest, size,
       case when exists (select 1 from repository_blobs where repository_blobs.digest = blobs.digest) then 1 else 0 end as linked
     from blobs where digest > $1 order by digest limit $2`,
    [after, limit],
  );
}

/** Removes the row of a blob that no repository has. @returns its size in bytes; undefined when it stays, or is gone already */
export async function deleteBlobWithoutRepository(tx: Transaction, digest: Digest): Promise<number | undefined> {
  const rows = await tx.query<{ size: number }>(
    `delete from blobs where digest = $1
       and not exists (select 1 from repository_blobs where repository_blobs.digest = blobs.digest) returning size`,
    [digest],
  );
  return rows[0]?.size;
}

/** Whether the blob has a row, and so is one that somebody may read, or its bytes are about to be taken away. */
export async function isBlobKnown(database: Queryable, digest: Digest): Promise<boolean> {
  const rows = await database.query(
    `select digest from blobs where digest = $1
     union all select digest from collected_blobs where digest = $1 and gone = 0`,
    [digest],
  );
  return rows.length > 0;
}
