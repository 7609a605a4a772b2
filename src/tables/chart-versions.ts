// Table chart_versions: the published versions of charts, as what is published and deleted changes them.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface PublishedVersion {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** The repository's parent; empty for the root. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** As `helm package` calls the archive. */
  readonly fileName: string;
  /** of the manifest */
  readonly digest: Digest;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | undefined;
  readonly sortKey: string;
  readonly stable: boolean;
  /** Whether Chart.yaml says so; a notice may say it of this version or of the whole chart. */
  readonly deprecated: boolean;
  readonly publishedAt: number;
  readonly publishedBy: string;
}

/**
 * Writes down what a tag now stands for. It is not listed when a notice says that it is yanked.
 * @throws ConstraintViolation when another chart of the namespace has the same file name
 */
export async function putChartVersion(
  tx: Transaction,
  version: PublishedVersion,
  revision: number,
): Promise<{ readonly isListed: boolean }> {
  const rows = await tx.query<{ listed: number }>(
    `insert into chart_versions
       (repository, tag, namespace, name, version, file_name, digest, content_digest, provenance_digest, sort_key, stable,
        listed, deprecated, published_at, published_by, revision)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
       case when exists (select 1 from notices where repository = $1 and tag = $2 and kind = 'yanked') then 0 else 1 end,
       $12, $13, $14, $15)
     on conflict (repository, tag) do update set
       name = excluded.name, version = excluded.version, file_name = excluded.file_name, digest = excluded.digest,
       content_digest = excluded.content_digest, provenance_digest = excluded.provenance_digest,
       sort_key = excluded.sort_key, stable = excluded.stable, listed = excluded.listed, deprecated = excluded.deprecated,
       published_at = excluded.published_at, published_by = excluded.published_by, revision = excluded.revision
     returning listed`,
    [
      version.repository,
      version.tag,
      version.namespace,
      version.name,
      version.version,
      version.fileName,
      version.digest,
      version.contentDigest,
      version.provenanceDigest ?? null,
      version.sortKey,
      version.stable ? 1 : 0,
      version.deprecated ? 1 : 0,
      version.publishedAt,
      version.publishedBy,
      revision,
    ],
  );
  return { isListed: rows[0]?.listed === 1 };
}

/** Writes down that the tag does not stand for a version any more. False when it did not before. */
export async function withdrawChartVersion(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag,
  revision: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update chart_versions set digest = null, listed = 0, revision = $3
     where repository = $1 and tag = $2 and digest is not null returning tag`,
    [repository, tag, revision],
  );
  return rows.length > 0;
}

interface FileNameOwner {
  readonly repository: RepositoryName;
  readonly name: string;
  readonly version: string;
  /** null when that version was deleted */
  readonly digest: Digest | null;
}

/** Which other chart has the file name in the namespace, if one has. */
export async function findFileNameOwner(
  database: Queryable,
  namespace: string,
  fileName: string,
  repository: RepositoryName,
): Promise<FileNameOwner | undefined> {
  const rows = await database.query<FileNameOwner>(
    `select repository, name, version, digest from chart_versions
     where namespace = $1 and file_name = $2 and repository <> $3`,
    [namespace, fileName, repository],
  );
  return rows[0];
}

/**
 * Has a version, or with an empty tag every one of the chart, follow what notices say, after one was put or taken away.
 * @returns those that are there
 */
export async function applyNotices(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag | '',
  revision: number,
): Promise<readonly { readonly tag: Tag; readonly listed: number }[]> {
  const only = tag === '' ? '' : 'and tag = $3';
  return await tx.query(
    `update chart_versions set revision = $2,
       listed = case when exists (select 1 from notices where notices.repository = chart_versions.repository
         and notices.tag = chart_versions.tag and kind = 'yanked') then 0 else 1 end
     where repository = $1 and digest is not null ${only} returning tag, listed`,
    tag === '' ? [repository, revision] : [repository, revision, tag],
  );
}

/** The newest version of a line that is listed, strict SemVer and no pre-release: what a floating tag points at. */
export async function findNewestStable(
  database: Queryable,
  repository: RepositoryName,
  line: { readonly prefix: string; readonly end: string },
): Promise<{ readonly tag: Tag; readonly digest: Digest } | undefined> {
  const rows = await database.query<{ tag: Tag; digest: Digest }>(
    `select tag, digest from chart_versions
     where repository = $1 and sort_key >= $2 and sort_key < $3 and listed = 1 and stable = 1
     order by sort_key desc limit 1`,
    [repository, line.prefix, line.end],
  );
  return rows[0];
}

/** All of a repository that a floating tag could point at, the oldest first by SemVer, behind `last`. */
export async function listStableVersions(
  database: Queryable,
  repository: RepositoryName,
  last: string,
  limit: number,
): Promise<readonly { readonly tag: Tag; readonly digest: Digest; readonly sortKey: string }[]> {
  return await database.query(
    `select tag, digest, sort_key as "sortKey" from chart_versions
     where repository = $1 and sort_key > $2 and listed = 1 and stable = 1 order by sort_key limit $3`,
    [repository, last, limit],
  );
}

/** Whether a chart is, or was, published in the repository. */
export async function hasVersions(database: Queryable, repository: RepositoryName): Promise<boolean> {
  return (
    (await database.query('select tag from chart_versions where repository = $1 limit 1', [repository])).length > 0
  );
}

/** The provenance file of a version that had none becomes this one. False when it has one, or is gone. */
export async function attachProvenance(
  tx: Transaction,
  version: { readonly repository: RepositoryName; readonly tag: Tag; readonly digest: Digest },
  provenance: Digest,
  revision: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update chart_versions set provenance_digest = $4, revision = $5
     where repository = $1 and tag = $2 and digest = $3 and (provenance_digest is null or provenance_digest = $4)
     returning tag`,
    [version.repository, version.tag, version.digest, provenance, revision],
  );
  return rows.length > 0;
}

/** Whether the provenance file is part of the version's manifest, or of one that refers to it: until then it is not deleted. */
export async function keepsProvenance(
  database: Queryable,
  version: { readonly repository: RepositoryName; readonly digest: Digest; readonly provenance: Digest },
): Promise<boolean> {
  const rows = await database.query(
    `select manifests.digest from manifest_blobs
       join manifests on manifests.repository = manifest_blobs.repository and manifests.digest = manifest_blobs.manifest
     where manifest_blobs.repository = $1 and blob = $3 and (manifests.digest = $2 or subject = $2) limit 1`,
    [version.repository, version.digest, version.provenance],
  );
  return rows.length > 0;
}

/**
 * The version to which the manifest refers with its provenance file has none any more; before that manifest is deleted.
 * @returns false when there is no such version, when its own manifest has that file, or when another one refers to it with it
 */
export async function detachProvenance(
  tx: Transaction,
  repository: RepositoryName,
  referrer: Digest,
  revision: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update chart_versions set provenance_digest = null, revision = $3
     where repository = $1
       and tag in (select tags.name from manifests
         join tags on tags.repository = manifests.repository and tags.digest = manifests.subject
         where manifests.repository = $1 and manifests.digest = $2)
       and exists (select 1 from manifest_blobs
         where repository = $1 and manifest = $2 and blob = provenance_digest)
       and not exists (select 1 from charts where charts.repository = $1 and charts.digest = chart_versions.digest
         and charts.provenance_digest is not null)
       and not exists (select 1 from manifests
         join manifest_blobs on manifest_blobs.repository = $1 and manifest = manifests.digest and blob = provenance_digest
         where manifests.repository = $1 and subject = chart_versions.digest and manifests.digest <> $2)
     returning tag`,
    [repository, referrer, revision],
  );
  return rows.length > 0;
}
