// Manifests that nothing refers to: which they are, since when, and taking them away.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface ManifestPlace {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

export interface ManifestUse extends ManifestPlace {
  /** 0 when nothing refers to it, 1 when a tag or a published chart does, 2 when only other manifests do. */
  readonly referenced: number;
  /** Since when nothing does, as far as was noted: milliseconds since 1970. */
  readonly since: number | null;
}

/**
 * What refers to the manifest `m`: a tag, or a published chart that it is but for the annotation in which helm writes the time:
 * `helm push` has shown that digest to somebody;
 */
const NAMED = `(exists (select 1 from tags t where t.repository = m.repository and t.digest = m.digest)
  or exists (
    select 1 from charts c
      join chart_versions v on v.repository = c.repository and v.content_digest = c.content_digest
    where c.repository = m.repository and c.digest = m.digest and v.digest is not null))`;
/** or another manifest: an index that lists it, or its subject. */
const KEPT = `(exists (select 1 from manifest_children i where i.repository = m.repository and i.child = m.digest)
  or (m.subject is not null and exists (
    select 1 from manifests s where s.repository = m.repository and s.digest = m.subject)))`;
const REFERENCED = `(${NAMED} or ${KEPT})`;

/** A page of all manifests, in the order of their places. */
export async function listManifestUses(
  database: Queryable,
  after: ManifestPlace | undefined,
  limit: number,
): Promise<readonly ManifestUse[]> {
  return await database.query<ManifestUse>(
    `select m.repository, m.digest, (select since from unreferenced_manifests u
         where u.repository = m.repository and u.digest = m.digest) as since,
       case when ${NAMED} then 1 when ${KEPT} then 2 else 0 end as referenced
     from manifests m where (m.repository, m.digest) > ($1, $2) order by m.repository, m.digest limit $3`,
    [after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** Notes that nothing refers to the manifest, or, without a time, that something does, or is about to. */
export async function noteUnreferenced(
  tx: Transaction,
  { repository, digest }: ManifestPlace,
  since: number | null,
): Promise<void> {
  if (since === null) {
    await tx.query('delete from unreferenced_manifests where repository = $1 and digest = $2', [repository, digest]);
    return;
  }
  await tx.query(
    `insert into unreferenced_manifests (repository, digest, since)
     select repository, digest, cast($3 as bigint) from manifests where repository = $1 and digest = $2
     on conflict (repository, digest) do update set since = excluded.since`,
    [repository, digest, since],
  );
}

/** Whether it was noted that nothing refers to the manifest. */
export async function isNotedUnreferenced(
  database: Queryable,
  { repository, digest }: ManifestPlace,
): Promise<boolean> {
  const rows = await database.query('select digest from unreferenced_manifests where repository = $1 and digest = $2', [
    repository,
    digest,
  ]);
  return rows.length > 0;
}

export interface UnreferencedManifest extends ManifestPlace {
  /** Since when nothing refers to it: milliseconds since 1970. */
  readonly since: number;
  /** bytes */
  readonly size: number;
}

/** Some of the manifests to which nothing has referred since this time or longer, the longest first. */
export async function listUnreferenced(
  database: Queryable,
  since: number,
  after: Pick<UnreferencedManifest, 'since' | 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly UnreferencedManifest[]> {
  return await database.query<UnreferencedManifest>(
    `select m.repository, m.digest, u.since, m.size from unreferenced_manifests u
       join manifests m on m.repository = u.repository and m.digest = u.digest
     where u.since <= $1 and (u.since, u.repository, u.digest) > ($2, $3, $4) and not ${REFERENCED}
     order by u.since, u.repository, u.digest limit $5`,
    [since, after?.since ?? Number.MIN_SAFE_INTEGER, after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** Removes the manifest if still nothing has referred to it since this time. False when it stays, or is gone already. */
export async function deleteUnreferenced(
  tx: Transaction,
  { repository, digest }: ManifestPlace,
  since: number,
): Promise<boolean> {
  const rows = await tx.query(
    `delete from manifests as m
     where m.repository = $1 and m.digest = $2 and not ${REFERENCED} and exists (
       select 1 from unreferenced_manifests u where u.repository = $1 and u.digest = $2 and u.since <= $3)
     returning digest`,
    [repository, digest, since],
  );
  return rows.length > 0;
}

/** Whether a tag or a published chart refers to the manifest. */
export async function isNamed(database: Queryable, { repository, digest }: ManifestPlace): Promise<boolean> {
  const rows = await database.query(
    `select m.digest from manifests m where m.repository = $1 and m.digest = $2 and ${NAMED}`,
    [repository, digest],
  );
  return rows.length > 0;
}

/** Some of the manifests that keep the manifest: those that list it, and its subject. */
export async function listKeepers(
  database: Queryable,
  { repository, digest }: ManifestPlace,
  limit: number,
): Promise<readonly Digest[]> {
  const rows = await database.query<{ digest: Digest }>(
    `select i.manifest as digest from manifest_children i where i.repository = $1 and i.child = $2
     union
     select s.digest from manifests m join manifests s on s.repository = m.repository and s.digest = m.subject
     where m.repository = $1 and m.digest = $2
     limit $3`,
    [repository, digest, limit],
  );
  return rows.map((row) => row.digest);
}

/** The same as `listUnreferenced`, of those to which only other manifests refer, which must be looked at. */
export async function listNotedThoughKept(
  database: Queryable,
  since: number,
  after: Pick<UnreferencedManifest, 'since' | 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly UnreferencedManifest[]> {
  return await database.query<UnreferencedManifest>(
    `select m.repository, m.digest, u.since, m.size from unreferenced_manifests u
       join manifests m on m.repository = u.repository and m.digest = u.digest
     where u.since <= $1 and (u.since, u.repository, u.digest) > ($2, $3, $4) and not ${NAMED} and ${KEPT}
     order by u.since, u.repository, u.digest limit $5`,
    [since, after?.since ?? Number.MIN_SAFE_INTEGER, after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** Removes the manifest, whatever refers to it, if it has been noted since this time. False when it stays, or is gone already. */
export async function deleteNoted(
  tx: Transaction,
  { repository, digest }: ManifestPlace,
  since: number,
): Promise<boolean> {
  const rows = await tx.query(
    `delete from manifests where repository = $1 and digest = $2 and exists (
       select 1 from unreferenced_manifests u where u.repository = $1 and u.digest = $2 and u.since <= $3)
     returning digest`,
    [repository, digest, since],
  );
  return rows.length > 0;
}
