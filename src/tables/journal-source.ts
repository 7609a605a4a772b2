// What the journal is made of: events in order, and manifests, tags and notices with all that their rows say.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import type { NoticeRow } from './notices.ts';

interface EventMark {
  readonly id: number;
  /** milliseconds since 1970 */
  readonly at: number;
}

export interface ChangeEvent extends EventMark {
  readonly kind: string;
  readonly repository: RepositoryName | '';
  readonly tag: Tag | null;
  readonly digest: Digest | null;
}

/** In the order in which they happened. */
export async function listEventsAfter(database: Queryable, id: number, limit: number): Promise<readonly ChangeEvent[]> {
  return await database.query<ChangeEvent>(
    'select id, at, kind, repository, tag, digest from events where id > $1 order by id limit $2',
    [id, limit],
  );
}

/** Undefined when it was forgotten, or there never was one. */
export async function findEventMark(database: Queryable, id: number): Promise<EventMark | undefined> {
  return (await database.query<EventMark>('select id, at from events where id = $1', [id]))[0];
}

export async function findNewestEvent(database: Queryable): Promise<EventMark | undefined> {
  return (await database.query<EventMark>('select id, at from events order by id desc limit 1'))[0];
}

export interface ManifestSource {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly pushedAt: number;
  readonly pushedBy: string;
  /** What was found in the chart; null, like those below, when it is none. */
  readonly name: string | null;
  readonly version: string | null;
  readonly configDigest: Digest | null;
  readonly contentDigest: Digest | null;
  readonly provenanceDigest: Digest | null;
  readonly metadata: string | null;
  readonly findings: string | null;
}

const MANIFESTS = `select manifests.repository, manifests.digest, media_type as "mediaType", content, pushed_at as "pushedAt",
    pushed_by as "pushedBy", name, version, config_digest as "configDigest", content_digest as "contentDigest",
    provenance_digest as "provenanceDigest", metadata, findings
  from manifests left join charts on charts.repository = manifests.repository and charts.digest = manifests.digest`;

export async function findManifestSource(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestSource | undefined> {
  const rows = await database.query<ManifestSource>(
    `${MANIFESTS} where manifests.repository = $1 and manifests.digest = $2`,
    [repository, digest],
  );
  return rows[0];
}

/** Bytes of what is large of a manifest and of the chart that it is; 0 when there is none. */
export async function measureManifestSource(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<number> {
  const rows = await database.query<{ bytes: number }>(
    // Not a join: see `findManifest`.
    `select size + coalesce((select octet_length(metadata) + octet_length(findings) from charts
         where repository = $1 and digest = $2), 0) as bytes
     from manifests where repository = $1 and digest = $2`,
    [repository, digest],
  );
  return rows[0]?.bytes ?? 0;
}

/** In byte order of repository and digest, behind `last`. Each may have 4 MiB: not many at once. */
export async function listManifestSources(
  database: Queryable,
  last: Pick<ManifestSource, 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly ManifestSource[]> {
  return await database.query<ManifestSource>(
    `${MANIFESTS} where (manifests.repository, manifests.digest) > ($1, $2)
     order by manifests.repository, manifests.digest limit $3`,
    [last?.repository ?? '', last?.digest ?? '', limit],
  );
}

/** A tag that clients have made; what the server keeps by itself is made again from the others. */
export interface TagSource {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** null once it was deleted */
  readonly digest: Digest | null;
  readonly fixed: number;
  readonly identity: string;
  readonly provenance: string;
  readonly pushId: string;
  readonly pushedAt: number;
  readonly pushedBy: string;
  readonly deletedAt: number | null;
  readonly deletedBy: string | null;
}

const TAGS = `select repository, name as tag, digest, fixed, identity, provenance, push_id as "pushId", pushed_at as "pushedAt",
    pushed_by as "pushedBy", deleted_at as "deletedAt", deleted_by as "deletedBy" from tags where floating = 0`;

export async function findTagSource(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<TagSource | undefined> {
  return (await database.query<TagSource>(`${TAGS} and repository = $1 and name = $2`, [repository, tag]))[0];
}

/** In byte order of repository and name, behind `last`. */
export async function listTagSources(
  database: Queryable,
  last: Pick<TagSource, 'repository' | 'tag'> | undefined,
  limit: number,
): Promise<readonly TagSource[]> {
  return await database.query<TagSource>(
    `${TAGS} and (repository, name) > ($1, $2) order by repository, name limit $3`,
    [last?.repository ?? '', last?.tag ?? '', limit],
  );
}

const NOTICES =
  'select repository, tag, kind, reason, replacement, noted_at as "notedAt", noted_by as "notedBy" from notices';

export async function findNoticeSource(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag | '',
): Promise<NoticeRow | undefined> {
  return (await database.query<NoticeRow>(`${NOTICES} where repository = $1 and tag = $2`, [repository, tag]))[0];
}

/** In byte order of repository and tag, behind `last`. */
export async function listNoticeSources(
  database: Queryable,
  last: Pick<NoticeRow, 'repository' | 'tag'> | undefined,
  limit: number,
): Promise<readonly NoticeRow[]> {
  // No repository has an empty name.
  return await database.query<NoticeRow>(
    `${NOTICES} where (repository, tag) > ($1, $2) order by repository, tag limit $3`,
    [last?.repository ?? '', last?.tag ?? '', limit],
  );
}
