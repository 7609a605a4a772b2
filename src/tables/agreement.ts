// Rows of several tables that must agree, for whoever verifies that they do: walked in the order of their keys.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';

export interface ManifestToVerify {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** Manifests behind one, with their bytes: not many at once. */
export async function listManifestsToVerify(
  database: Queryable,
  after: Pick<ManifestToVerify, 'repository' | 'digest'> | undefined,
  limit: number,
): Promise<readonly ManifestToVerify[]> {
  return await database.query<ManifestToVerify>(
    `select repository, digest, media_type as "mediaType", content from manifests
     where (repository, digest) > ($1, $2) order by repository, digest limit $3`,
    [after?.repository ?? '', after?.digest ?? '', limit],
  );
}

/** What the tables say that a manifest needs and is. */
export interface ManifestRows {
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
  /** Undefined when it is no chart. */
  readonly chart:
    | { readonly configDigest: Digest; readonly contentDigest: Digest; readonly provenanceDigest: Digest | null }
    | undefined;
}

export async function readManifestRows(
  database: Queryable,
  repository: RepositoryName,
  manifest: Digest,
): Promise<ManifestRows> {
  const values = [repository, manifest];
  const blobs = await database.query<{ digest: Digest }>(
    'select blob as digest from manifest_blobs where repository = $1 and manifest = $2',
    values,
  );
  const children = await database.query<{ digest: Digest }>(
    'select child as digest from manifest_children where repository = $1 and manifest = $2',
    values,
  );
  const charts = await database.query<NonNullable<ManifestRows['chart']>>(
    `select config_digest as "configDigest", content_digest as "contentDigest", provenance_digest as "provenanceDigest"
     from charts where repository = $1 and digest = $2`,
    values,
  );
  return {
    blobs: blobs.map(({ digest }) => digest),
    children: children.map(({ digest }) => digest),
    chart: charts[0],
  };
}

/** A tag, and the manifest that it leads to: null where there is none. */
export interface TagToVerify {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest | null;
  readonly manifest: Digest | null;
}

export async function listTagsToVerify(
  database: Queryable,
  after: Pick<TagToVerify, 'repository' | 'tag'> | undefined,
  limit: number,
): Promise<readonly TagToVerify[]> {
  return await database.query<TagToVerify>(
    `select tags.repository, tags.name as tag, tags.digest, manifests.digest as manifest
     from tags left join manifests on manifests.repository = tags.repository and manifests.digest = tags.digest
     where (tags.repository, tags.name) > ($1, $2) order by tags.repository, tags.name limit $3`,
    [after?.repository ?? '', after?.tag ?? '', limit],
  );
}

/** A published version, with what its tag and its chart say: null where there is none. */
export interface VersionToVerify {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest | null;
  readonly tagDigest: Digest | null;
  readonly contentDigest: Digest;
  readonly chartContentDigest: Digest | null;
}

export async function listVersionsToVerify(
  database: Queryable,
  after: Pick<VersionToVerify, 'repository' | 'tag'> | undefined,
  limit: number,
): Promise<readonly VersionToVerify[]> {
  return await database.query<VersionToVerify>(
    `select versions.repository, versions.tag, versions.digest, tags.digest as "tagDigest",
       versions.content_digest as "contentDigest", charts.content_digest as "chartContentDigest"
     from chart_versions as versions
       left join tags on tags.repository = versions.repository and tags.name = versions.tag
       left join charts on charts.repository = versions.repository and charts.digest = versions.digest
     where (versions.repository, versions.tag) > ($1, $2) order by versions.repository, versions.tag limit $3`,
    [after?.repository ?? '', after?.tag ?? '', limit],
  );
}

/** Tags that lead to a manifest. */
export async function listTagsOfManifest(
  database: Queryable,
  repository: RepositoryName,
  manifest: Digest,
  limit: number,
): Promise<readonly Tag[]> {
  const rows = await database.query<{ tag: Tag }>(
    'select name as tag from tags where repository = $1 and digest = $2 order by name limit $3',
    [repository, manifest, limit],
  );
  return rows.map(({ tag }) => tag);
}
