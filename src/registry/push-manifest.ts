// Takes a manifest: checks it, and commits it with its references, tags, chart and events, all or nothing.
import { randomUUID } from 'node:crypto';
import type { ChartInspection } from '../charts/inspect.ts';
import { recordEvent } from '../events/record.ts';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { blobsOf, childrenOf, type Descriptor, type Manifest, parseManifest } from '../oci/manifest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference, Tag } from '../oci/tag.ts';
import { ConstraintViolation, type Queryable, type Transaction } from '../ports/database.ts';
import { findBlobCheck, isBlobDamaged } from '../tables/blob-checks.ts';
import { findBlobSize } from '../tables/blobs.ts';
import { countCatalogRevisionUp } from '../tables/catalog-revision.ts';
import { findManifestSize, findMissingManifest, insertManifest } from '../tables/manifests.ts';
import { createRepository } from '../tables/repositories.ts';
import { findTag, pointTag } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { type CheckDependencies, checkBlob } from './check-blob.ts';
import { requireNotKept } from './floating-tags.ts';
import { type PublishedChart, recordTagSet } from './publish-version.ts';
import { publishedRefusal } from './published-refusal.ts';
import { type ChartPush, inspectChartPush, isChart, recordChart, requireNotNamedTwice } from './push-chart.ts';
import type { RepositoryRoom } from './repository-room.ts';
import type { SmallBlobs } from './small-blobs.ts';
import { isFixed, type TagRules } from './tag-rules.ts';
import { requireNoWayToChart } from './way-to-chart.ts';

export interface ManifestPush {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  /** Further tags to set, from `?tag=` (OCI Distribution Spec, "Pushing Manifests"). */
  readonly tags: readonly Tag[];
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
  readonly actor: Actor;
  /** What is in the chart's archive, where whoever made the manifest of it has looked: so that it is opened once. */
  readonly inspection?: ChartInspection;
}

export interface PushedManifest {
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  readonly tags: readonly Tag[];
  /** For the person who pushed: accepted, but worth knowing. */
  readonly warnings: readonly string[];
}

interface PushDependencies extends CheckDependencies {
  readonly rules: TagRules;
  readonly room: RepositoryRoom;
  readonly small: SmallBlobs;
}

/**
 * @throws RegistryError MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, DIGEST_INVALID, TAG_INVALID, TAG_KEPT, WRONG_REPOSITORY,
 * FILE_NAME_TAKEN, REPOSITORY_FULL, or VERSION_PUBLISHED when a tag is fixed to other content
 */
export async function pushManifest(dependencies: PushDependencies, push: ManifestPush): Promise<PushedManifest> {
  const digest = requireDigest(push);
  const manifest = parseManifest(push.bytes, push.contentType);
  const tags = [...new Set([...(push.reference.kind === 'tag' ? [push.reference.tag] : []), ...push.tags])];
  // Also before the chart is looked at: no such tag is its version, and that is not what there is to say of it.
  for (const tag of tags) await requireNotKept(dependencies.database, push.repository, tag, isChart(manifest));
  await requireReferences(dependencies.database, push.repository, manifest);
  const chart = await inspectStored(dependencies, { ...push, manifest, tags });
  if (!chart) await requireNoWayToChart(dependencies.database, push.repository, manifest, tags);
  const accepted = { push, digest, manifest, tags, chart };
  try {
    await dependencies.database.transaction((tx) => commit(tx, dependencies, accepted));
  } catch (error) {
    if (error instanceof ConstraintViolation) {
      const message = 'something that the manifest needs, or the manifest itself, was deleted meanwhile: push it again';
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', message, { cause: error });
    }
    throw error;
  }
  return { digest, subject: manifest.subject, tags, warnings: chart?.warnings ?? [] };
}

/** A blob whose bytes are missing is recorded, so that the client, which has seen it by HEAD, uploads it next time. */
async function inspectStored(
  dependencies: PushDependencies,
  push: Parameters<typeof inspectChartPush>[1],
): Promise<ChartPush | undefined> {
  try {
    return await inspectChartPush(dependencies, push);
  } catch (error) {
    if (!(error instanceof BlobDamaged)) throw error;
    const row = await findBlobCheck(dependencies.database, error.digest);
    if (row) await checkBlob(dependencies, row);
    throw needsDamaged(error.digest, { cause: error });
  }
}

interface AcceptedPush {
  readonly push: ManifestPush;
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly tags: readonly Tag[];
  readonly chart: ChartPush | undefined;
}

async function commit(tx: Transaction, dependencies: PushDependencies, accepted: AcceptedPush): Promise<void> {
  const { clock, rules, room } = dependencies;
  const { push, digest, manifest, tags, chart } = accepted;
  const { repository, actor } = push;
  const at = clock.now();
  // Before all that others could wait for: where transactions run side by side, those that change tags come one after the other.
  const revision = tags.length === 0 ? 0 : await countCatalogRevisionUp(tx);
  if (chart) await requireNotNamedTwice(tx, repository, chart, actor);
  await createRepository(tx, repository, at);
  const children = childrenOf(manifest).map((child) => child.digest);
  // Garbage collection may have taken one since it was looked for.
  const missing = await findMissingManifest(tx, repository, children);
  if (missing) throw missingReference(repository, 'manifest', missing);
  if ((await findManifestSize(tx, repository, digest)) === undefined) await room.takeFor(tx, 'manifests', repository);
  const isNew = await insertManifest(tx, {
    ...manifest,
    repository,
    digest,
    content: push.bytes,
    blobs: blobsOf(manifest).map((blob) => blob.digest),
    children,
    pushedAt: at,
    pushedBy: actor.name,
  });
  if (isNew) await recordEvent(tx, { kind: 'manifest.pushed', at, author: actor.author, repository, digest });
  if (chart) await recordChart(tx, repository, digest, chart);
  const pushId = randomUUID();
  for (const tag of tags) {
    await requireNotKept(tx, repository, tag, chart !== undefined);
    if (!(await findTag(tx, repository, tag))) await room.takeFor(tx, 'tags', repository);
    const pointed = await pointTag(tx, {
      repository,
      tag,
      digest,
      fixed: isFixed(rules, tag, chart !== undefined),
      identity: chart?.identity ?? digest,
      provenance: chart?.layers.provenance?.digest ?? '',
      pushId,
      pushedAt: at,
      pushedBy: actor.name,
      republishDeleted: rules.republishDeleted,
    });
    if (!pointed) throw await publishedRefusal(tx, repository, tag, accepted);
    // A push that only repeats what is published leaves no event.
    if (pointed.pushId !== pushId) continue;
    await recordTagSet(tx, { repository, tag, row: pointed, revision, actor }, chart && publishedChart(chart));
    const occasion = { at, author: actor.author, repository, tag, digest };
    const { name = '', version = '' } = chart?.metadata ?? {};
    await recordEvent(
      tx,
      chart ? { ...occasion, kind: 'chart.published', detail: { name, version } } : { ...occasion, kind: 'tag.set' },
    );
  }
}

function publishedChart({ metadata, layers }: ChartPush): PublishedChart {
  return { metadata, contentDigest: layers.content.digest, provenanceDigest: layers.provenance?.digest };
}

function requireDigest(push: ManifestPush): Digest {
  if (push.reference.kind === 'tag') return digestOf(push.bytes);
  const announced = push.reference.digest;
  const actual = digestOf(push.bytes, algorithmOf(announced));
  if (actual !== announced) {
    throw new RegistryError(
      'DIGEST_INVALID',
      `the manifest that arrived has digest ${actual}, the address says ${announced}`,
    );
  }
  return actual;
}

/**
 * Names what is missing. A blob that goes between this and the commit is caught by a foreign key, and an index whose child goes
 * then by another look.
 */
async function requireReferences(database: Queryable, repository: RepositoryName, manifest: Manifest): Promise<void> {
  for (const blob of distinct(blobsOf(manifest))) {
    const size = await findBlobSize(database, repository, blob.digest);
    if (size === undefined && (await isBlobDamaged(database, repository, blob.digest))) throw needsDamaged(blob.digest);
    requireReference(repository, 'blob', blob, size);
  }
  for (const child of distinct(childrenOf(manifest))) {
    requireReference(repository, 'manifest', child, await findManifestSize(database, repository, child.digest));
  }
}

function needsDamaged(digest: Digest, options?: ErrorOptions): RegistryError {
  return new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    `the manifest names blob ${digest}, whose bytes were damaged or lost in the registry's store: push the blob again first`,
    options,
  );
}

function requireReference(
  repository: RepositoryName,
  what: 'blob' | 'manifest',
  { digest, size }: Descriptor,
  actualSize: number | undefined,
): void {
  if (actualSize === undefined) {
    throw missingReference(repository, what, digest);
  }
  if (actualSize !== size) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the manifest says that ${what} ${digest} has ${size} bytes, but it has ${actualSize}`,
    );
  }
}

function missingReference(repository: RepositoryName, what: 'blob' | 'manifest', digest: Digest): RegistryError {
  return new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    `the manifest names ${what} ${digest}, which ${repository} does not have: push it first`,
  );
}

function distinct(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return [
    ...new Map(descriptors.map((descriptor) => [`${descriptor.digest} ${descriptor.size}`, descriptor])).values(),
  ];
}
