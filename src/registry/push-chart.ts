// What is special when the manifest that is pushed is a Helm chart's.
import { Readable } from 'node:stream';
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { fileNameOf } from '../charts/file-name.ts';
import {
  type ChartInspection,
  type ChartLayers,
  chartLayers,
  type Finding,
  inspectChart,
  MAXIMUM_CONFIG_BYTES,
} from '../charts/inspect.ts';
import { MAXIMUM_PROVENANCE_BYTES, requireProvenanceOf } from '../charts/provenance.ts';
import {
  repositoryWithoutRepeatedName,
  requireMatchingRepository,
  requireMatchingTag,
} from '../charts/publish-rules.ts';
import { algorithmOf, type Digest, finishHash, startHash } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { Descriptor, ImageManifest, Manifest } from '../oci/manifest.ts';
import { isHelmType } from '../oci/media-types.ts';
import { pushCommand } from '../oci/registry-address.ts';
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { findInspection, holdsChart, insertChart } from '../tables/charts.ts';
import { repositoryExists } from '../tables/repositories.ts';
import type { Actor } from './actor.ts';
import type { SmallBlobs } from './small-blobs.ts';
import type { TagRules } from './tag-rules.ts';

/** bytes; an archive that is larger packed than Helm takes unpacked is not worth opening */
export const MAXIMUM_ARCHIVE_BYTES = 110 * 1024 * 1024;

/** Where the bytes of a push are: on the disk, and those that have just come mostly in memory still. */
interface PushSources {
  readonly blobs: BlobStore;
  readonly small: SmallBlobs;
}

export interface ChartPush {
  readonly metadata: ChartMetadata;
  readonly findings: readonly Finding[];
  readonly layers: ChartLayers;
  /** Equal for pushes of the same chart, whatever time helm has stamped into the manifest. */
  readonly identity: string;
  readonly warnings: readonly string[];
  /** Where the chart already is, when it looks as if its name was given twice, as in `team/web/web`. */
  readonly meant: RepositoryName | undefined;
}

/**
 * Undefined when the manifest is no chart's.
 * @throws RegistryError MANIFEST_INVALID, TAG_INVALID, WRONG_REPOSITORY
 */
export async function inspectChartPush(
  dependencies: PushSources & { readonly database: Database; readonly rules: TagRules },
  push: {
    readonly repository: RepositoryName;
    readonly manifest: Manifest;
    readonly tags: readonly Tag[];
    readonly actor: Actor;
    readonly inspection?: ChartInspection;
  },
): Promise<ChartPush | undefined> {
  const { manifest, repository, actor } = push;
  if (!isChart(manifest)) return undefined;
  const layers = chartLayers(manifest);
  const { metadata, findings } = push.inspection ?? (await inspect(dependencies, layers));
  requireMatchingRepository(repository, metadata, actor.address);
  for (const tag of push.tags) requireMatchingTag(tag, metadata);
  if (layers.provenance) await requireProvenance(dependencies, metadata, layers.content, layers.provenance);
  const meant = repositoryWithoutRepeatedName(repository, metadata);
  return {
    metadata,
    findings,
    layers,
    identity: `${layers.config.digest} ${layers.content.digest}`,
    warnings: findings.map((finding) => finding.message),
    // Whoever may not read that repository must not learn from a refusal that it exists.
    meant: meant && actor.maySee(meant) ? meant : undefined,
  };
}

/**
 * `helm push web-1.0.0.tgz oci://host/team/web` makes team/web/web. When team/web is already the chart's repository, that
 * is a mistake; a first push of grafana to grafana/grafana is not.
 */
export async function requireNotNamedTwice(
  tx: Transaction,
  repository: RepositoryName,
  chart: ChartPush,
  actor: Actor,
): Promise<void> {
  const { name } = chart.metadata;
  if (!chart.meant || (await repositoryExists(tx, repository)) || !(await holdsChart(tx, chart.meant, name))) return;
  throw new RegistryError(
    'WRONG_REPOSITORY',
    `this push would make a second repository ${repository}, but ${name} is published in ${chart.meant} and helm appends the chart's name by itself: ` +
      `run ${pushCommand(actor.address, chart.metadata, parentOf(chart.meant))}`,
  );
}

export async function recordChart(
  tx: Transaction,
  repository: RepositoryName,
  digest: Digest,
  chart: ChartPush,
): Promise<void> {
  await insertChart(tx, {
    repository,
    digest,
    name: chart.metadata.name,
    version: chart.metadata.version,
    configDigest: chart.layers.config.digest,
    contentDigest: chart.layers.content.digest,
    provenanceDigest: chart.layers.provenance?.digest,
    metadata: JSON.stringify(chart.metadata),
    findings: JSON.stringify(chart.findings),
  });
}

/** helm takes what has its types for a chart, in whatever place of the manifest they stand. */
export function isChart(manifest: Manifest): manifest is ImageManifest {
  if (manifest.kind === 'index') return false;
  return [manifest.config, ...manifest.layers].some(({ mediaType }) => isHelmType(mediaType));
}

/** Opening an archive is the dear part of a push, and helm sends each manifest twice: equal bytes are inspected once. */
async function inspect(
  dependencies: PushSources & { readonly database: Database; readonly rules: TagRules },
  layers: ChartLayers,
): Promise<ChartInspection> {
  const known = await findInspection(dependencies.database, layers.config.digest, layers.content.digest);
  const findings = known ? (JSON.parse(known.findings) as readonly Finding[]) : [];
  const isStillAllowed = findings.length === 0 || dependencies.rules.versions === 'lenient';
  if (known && isStillAllowed) return { metadata: JSON.parse(known.metadata) as ChartMetadata, findings };
  if (layers.content.size > MAXIMUM_ARCHIVE_BYTES) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the chart's archive has ${layers.content.size} bytes, more than it may have unpacked`,
    );
  }
  const config = await readSmall(dependencies, 'config', layers.config, MAXIMUM_CONFIG_BYTES);
  const content = await open(dependencies, layers.content);
  return await inspectChart(config, content, { versions: dependencies.rules.versions });
}

/** @throws RegistryError MANIFEST_INVALID when what it signs is not this archive */
async function requireProvenance(
  sources: PushSources,
  metadata: ChartMetadata,
  content: Descriptor,
  provenance: Descriptor,
): Promise<void> {
  const bytes = await readSmall(sources, 'provenance file', provenance, MAXIMUM_PROVENANCE_BYTES);
  requireProvenanceOf({ fileName: fileNameOf(metadata), contentDigest: await sha256Of(sources, content) }, bytes);
}

/** A provenance file names the archive by this digest, whatever the manifest names it by. */
async function sha256Of(sources: PushSources, content: Descriptor): Promise<Digest> {
  if (algorithmOf(content.digest) === 'sha256') return content.digest;
  const hash = startHash('sha256');
  for await (const chunk of await open(sources, content)) hash.update(chunk);
  return finishHash(hash, 'sha256');
}

async function readSmall(
  sources: PushSources,
  what: string,
  descriptor: Descriptor,
  maximumBytes: number,
): Promise<Uint8Array> {
  if (descriptor.size > maximumBytes) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the chart's ${what} has ${descriptor.size} bytes, at most ${maximumBytes} are allowed`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of await open(sources, descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function open({ blobs, small }: PushSources, descriptor: Descriptor): Promise<AsyncIterable<Uint8Array>> {
  const pushed = small.findPushed(descriptor.digest);
  if (pushed) return Readable.from([pushed]);
  const body = await blobs.open(descriptor.digest);
  if (body.kind === 'stream') return body.stream;
  throw new Error('the blob store answers its own server with a redirect');
}
