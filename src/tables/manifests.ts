// Tables manifests, manifest_blobs and manifest_children: exact bytes, what they are, and what they need.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference, Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

export interface NewManifest extends StoredManifest {
  readonly repository: RepositoryName;
  readonly artifactType: string | undefined;
  readonly subject: Digest | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
  readonly pushedAt: number;
  readonly pushedBy: string;
}

/**
 * Stores a manifest and what it needs. False when the repository already had it: then only garbage collection is told that it
 * is wanted, as it is told of the blobs.
 * @throws ConstraintViolation when the repository lacks one of the blobs
 */
export async function insertManifest(tx: Transaction, manifest: NewManifest): Promise<boolean> {
  const inserted = await tx.query(
    `insert into manifests
       (repository, digest, media_type, artifact_type, subject, annotations, content, size, pushed_at, pushed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (repository, digest) do nothing returning digest`,
    [
      manifest.repository,
      manifest.digest,
      manifest.mediaType,
      manifest.artifactType ?? null,
      manifest.subject ?? null,
      JSON.stringify(manifest.annotations),
      manifest.content,
      manifest.content.length,
      manifest.pushedAt,
      manifest.pushedBy,
    ],
  );
  await noteWanted(tx, manifest);
  if (inserted.length === 0) return false;
  for (const blob of new Set(manifest.blobs)) {
    await tx.query(
      `update repository_blobs set unneeded_since = null
       where repository = $1 and digest = $2 and unneeded_since is not null`,
      [manifest.repository, blob],
    );
    await tx.query('insert into manifest_blobs (repository, manifest, blob) values ($1, $2, $3)', [
      manifest.repository,
      manifest.digest,
      blob,
    ]);
  }
  for (const child of new Set(manifest.children)) {
    await tx.query('insert into manifest_children (repository, manifest, child) values ($1, $2, $3)', [
      manifest.repository,
      manifest.digest,
      child,
    ]);
  }
  return true;
}

/** Garbage collection has nothing to do with the manifest, with what it lists, or with what has waited for it as its subject. */
async function noteWanted(tx: Transaction, { repository, digest, children }: NewManifest): Promise<void> {
  for (const wanted of new Set([digest, ...children])) {
    await tx.query('delete from unreferenced_manifests where repository = $1 and digest = $2', [repository, wanted]);
  }
  await tx.query(
    `delete from unreferenced_manifests where repository = $1
       and digest in (select digest from manifests where repository = $1 and subject = $2)`,
    [repository, digest],
  );
}

/** The first of these manifests that the repository does not have. */
export async function findMissingManifest(
  tx: Transaction,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<Digest | undefined> {
  for (const digest of new Set(digests)) {
    if ((await findManifestSize(tx, repository, digest)) === undefined) return digest;
  }
  return undefined;
}

interface FoundManifest extends StoredManifest {
  /** 1 when the repository has any notice: whether one is on this manifest, `findNoticeOn` tells. */
  readonly noticed: number;
}

const FOUND = `manifests.digest, manifests.media_type as "mediaType", manifests.content,
  case when exists (select 1 from notices where notices.repository = manifests.repository) then 1 else 0 end as noticed`;

// A join would be planned anew at every use: SQLite looks at the values when it has to choose in which order to read two tables.
const DIGEST_OF_TAG = '(select tags.digest from tags where tags.repository = $1 and tags.name = $2)';

export async function findManifest(
  database: Queryable,
  repository: RepositoryName,
  reference: Reference,
): Promise<FoundManifest | undefined> {
  const [digest, value] = reference.kind === 'digest' ? ['$2', reference.digest] : [DIGEST_OF_TAG, reference.tag];
  const rows = await database.query<FoundManifest>(
    `select ${FOUND} from manifests where repository = $1 and digest = ${digest}`,
    [repository, value],
  );
  return rows[0];
}

/** What is said of the version that a manifest is: of the version itself, else of its whole chart. */
export interface ManifestNotice {
  readonly kind: 'deprecated' | 'yanked';
  /** Empty when it is about the whole chart. */
  readonly tag: Tag | '';
  readonly reason: string;
  readonly replacement: string;
  /** As in Chart.yaml. */
  readonly version: string;
}

/** Undefined when there is none, or the manifest is no chart. By whatever tag it was asked for, a floating one too. */
export async function findNoticeOn(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestNotice | undefined> {
  // In a tag, "+" is written "_". The empty tag, which is that of the whole chart, comes last.
  const rows = await database.query<ManifestNotice>(
    `select kind, tag, reason, replacement, version from charts
       join notices on notices.repository = charts.repository and tag in ('', replace(version, '+', '_'))
     where charts.repository = $1 and charts.digest = $2 order by tag desc limit 1`,
    [repository, digest],
  );
  return rows[0];
}

/** What helm could take for a chart, or follow to one: a manifest that is a chart, or that has a subject. */
export async function isChartOrHasSubject(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  const rows = await database.query(
    `select manifests.digest from manifests
       left join charts on charts.repository = manifests.repository and charts.digest = manifests.digest
     where manifests.repository = $1 and manifests.digest = $2
       and (manifests.subject is not null or charts.digest is not null)`,
    [repository, digest],
  );
  return rows.length > 0;
}

/** The manifests that an index lists. */
export async function listChildren(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<readonly Digest[]> {
  const rows = await database.query<{ child: Digest }>(
    'select child from manifest_children where repository = $1 and manifest = $2 order by child',
    [repository, digest],
  );
  return rows.map(({ child }) => child);
}

/** bytes */
export async function findManifestSize(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<number | undefined> {
  const rows = await database.query<{ size: number }>(
    'select size from manifests where repository = $1 and digest = $2',
    [repository, digest],
  );
  return rows[0]?.size;
}

/** Removes a manifest that no tag points at, with what is known of it. False when it was not there. */
export async function deleteManifest(tx: Transaction, repository: RepositoryName, digest: Digest): Promise<boolean> {
  const rows = await tx.query('delete from manifests where repository = $1 and digest = $2 returning digest', [
    repository,
    digest,
  ]);
  return rows.length > 0;
}

export interface ReferrerRow {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly size: number;
  /** JSON object of strings */
  readonly annotations: string;
}

interface ReferrersQuery {
  readonly repository: RepositoryName;
  readonly subject: Digest;
  readonly artifactType: string | undefined;
  /** only digests behind this one, in byte order */
  readonly last: string;
  readonly limit: number;
}

/** How large the annotations of each manifest are whose subject is `subject`: what tells how many rows to load. */
export async function measureReferrers(
  database: Queryable,
  query: ReferrersQuery,
): Promise<readonly { readonly digest: Digest; readonly annotationBytes: number }[]> {
  return await selectReferrers(database, 'digest, octet_length(annotations) as "annotationBytes"', query);
}

/** Manifests whose subject is `subject`. Annotations can be large: see `measureReferrers`. */
export async function listReferrers(database: Queryable, query: ReferrersQuery): Promise<readonly ReferrerRow[]> {
  const columns = 'digest, media_type as "mediaType", artifact_type as "artifactType", size, annotations';
  return await selectReferrers(database, columns, query);
}

async function selectReferrers<Row extends object>(
  database: Queryable,
  columns: string,
  query: ReferrersQuery,
): Promise<readonly Row[]> {
  const filter = query.artifactType === undefined ? '' : 'and artifact_type = $5';
  const values = [query.repository, query.subject, query.last, query.limit];
  return await database.query<Row>(
    `select ${columns} from manifests
     where repository = $1 and subject = $2 and digest > $3 ${filter} order by digest limit $4`,
    query.artifactType === undefined ? values : [...values, query.artifactType],
  );
}

/** How many there are, but no more than `atMost`. */
export async function countManifests(tx: Transaction, repository: RepositoryName, atMost: number): Promise<number> {
  const rows = await tx.query<{ count: number }>(
    'select count(*) as count from (select 1 from manifests where repository = $1 limit $2) as counted',
    [repository, atMost],
  );
  return rows[0]?.count ?? 0;
}
