// Manifests that nothing refers to: which they are, since when, and taking them away.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface ManifestPlace {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

export interface ManifestUse extends ManifestPlace {
  /** `named` when a tag or a published chart refers to it, or to a manifest that does; `kept` when only other manifests do. */
  readonly referenced: 'named' | 'kept' | 'none';
  /** Since when neither does, directly or over others, as far as was noted: milliseconds since 1970. */
  readonly since: number | null;
}

/**
 * What refers to a manifest of the repository of `m`: a tag, or a published chart that it is but for the annotation in which helm
 * writes the time: `helm push` has shown that digest to somebody;
 * @param digest an expression of SQL
 */
function isNamed(digest: 'm.digest' | 'm.subject' | 'i.manifest'): string {
  return `(exists (select 1 from tags t where t.repository = m.repository and t.digest = ${digest})
    or exists (
      select 1 from charts c
        join chart_versions v on v.repository = c.repository and v.content_digest = c.content_digest
      where c.repository = m.repository and c.digest = ${digest} and v.digest is not null))`;
}
const NAMED = isNamed('m.digest');
/** or another manifest: an index that lists it, or its subject. */
const KEPT = `(exists (select 1 from manifest_children i where i.repository = m.repository and i.child = m.digest)
  or (m.subject is not null and exists (
    select 1 from manifests s where s.repository = m.repository and s.digest = m.subject)))`;
const KEPT_BY_NAMED = `(exists (
    select 1 from manifest_children i
    where i.repository = m.repository and i.child = m.digest and ${isNamed('i.manifest')})
  or (m.subject is not null and ${isNamed('m.subject')}))`;

/** A page of all manifests, in the order of their places. */
export async function listManifestUses(
  database: Queryable,
  after: ManifestPlace | undefined,
  limit: number,
): Promise<readonly ManifestUse[]> {
  return await database.query<ManifestUse>(
    `select m.repository, m.digest, (select since from unreferenced_manifests u
         where u.repository = m.repository and u.digest = m.digest) as since,
       case when ${NAMED} or ${KEPT_BY_NAMED} then 'named' when ${KEPT} then 'kept' else 'none' end as referenced
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

export interface NotedManifest extends ManifestPlace {
  /** Since when nothing refers to it but what goes as well: milliseconds since 1970. */
  readonly since: number;
  /** bytes */
  readonly size: number;
  /** 1 when other manifests refer to it, else 0. */
  readonly kept: number;
}

/** Some of the manifests that have been noted since this time or longer, the longest first. */
export async function listNoted(
  database: Queryable,
  since: number,
  after: Pick<NotedManifest, 'since' | 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly NotedManifest[]> {
  return await database.query<NotedManifest>(
    `select m.repository, m.digest, u.since, m.size, case when ${KEPT} then 1 else 0 end as kept
     from unreferenced_manifests u
       join manifests m on m.repository = u.repository and m.digest = u.digest
     where u.since <= $1 and (u.since, u.repository, u.digest) > ($2, $3, $4) and not ${NAMED}
     order by u.since, u.repository, u.digest limit $5`,
    [since, after?.since ?? Number.MIN_SAFE_INTEGER, after?.repository ?? '', after?.digest ?? '', limit],
  );
}

interface Keeper {
  readonly digest: Digest;
  /** 1 when a tag or a published chart refers to it, else 0. */
  readonly named: number;
}

/** Some of the manifests that keep the manifest: those that list it, and its subject. */
export async function listKeepers(
  database: Queryable,
  { repository, digest }: ManifestPlace,
  limit: number,
): Promise<readonly Keeper[]> {
  return await database.query<Keeper>(
    `select m.digest, case when ${NAMED} then 1 else 0 end as named
     from manifests m where m.repository = $1 and m.digest in (
       select i.manifest from manifest_children i where i.repository = $1 and i.child = $2
       union all
       select r.subject from manifests r where r.repository = $1 and r.digest = $2 and r.subject is not null)
     limit $3`,
    [repository, digest, limit],
  );
}

/** Manifests of one repository. */
export interface ManifestGroup {
  readonly repository: RepositoryName;
  readonly digests: readonly Digest[];
}

/**
 * A condition: each manifest of the group that is still there has been noted since $2 or longer, and nothing refers to it but
 * others of the group.
 */
function isWholeGarbage(digests: string): string {
  return `not exists (
    select 1 from manifests m where m.repository = $1 and m.digest in (${digests}) and (
      ${NAMED}
      or not exists (
        select 1 from unreferenced_manifests u where u.repository = $1 and u.digest = m.digest and u.since <= $2)
      or exists (
        select 1 from manifest_children i
        where i.repository = $1 and i.child = m.digest and i.manifest not in (${digests}))
      or (m.subject not in (${digests}) and exists (
        select 1 from manifests s where s.repository = $1 and s.digest = m.subject))))`;
}

function placeholdersOf({ digests }: ManifestGroup): string {
  return digests.map((_, index) => `$${index + 3}`).join(', ');
}

/** Whether `deleteGarbage` would remove the group. */
export async function isGarbage(database: Queryable, group: ManifestGroup, since: number): Promise<boolean> {
  const digests = placeholdersOf(group);
  const rows = await database.query(
    `select digest from manifests where repository = $1 and digest in (${digests}) and ${isWholeGarbage(digests)}`,
    [group.repository, since, ...group.digests],
  );
  return rows.length > 0;
}

/**
 * Removes all manifests of the group, in one statement that looks again, if nothing but they themselves has referred to any of
 * them since this time; otherwise none.
 * @returns those that were there
 */
export async function deleteGarbage(
  tx: Transaction,
  group: ManifestGroup,
  since: number,
): Promise<readonly { readonly digest: Digest /** bytes */; readonly size: number }[]> {
  const digests = placeholdersOf(group);
  return await tx.query(
    `delete from manifests where repository = $1 and digest in (${digests}) and ${isWholeGarbage(digests)}
     returning digest, size`,
    [group.repository, since, ...group.digests],
  );
}
