// Pushes artifacts to a test registry as clients do: blobs first, then the manifest.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, HELM_PROVENANCE, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { buildChart } from './chart-builder.ts';
import { provenanceOf } from './provenance.ts';
import type { TestRegistry } from './start-registry.ts';

export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export function descriptorOf(bytes: Buffer, mediaType: string): TestDescriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Pushes a blob in one POST. Throws when it is refused. */
export async function pushBlob(
  registry: TestRegistry,
  repository: string,
  bytes: Buffer,
  as?: string,
): Promise<Digest> {
  const digest = digestOf(bytes);
  const answer = await registry.request('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
    ...(as === undefined ? {} : { as }),
  });
  if (answer.status !== 201) throw new Error(`blob refused: ${answer.status} ${await answer.text()}`);
  return digest;
}

export async function putManifest(
  registry: TestRegistry,
  repository: string,
  reference: string,
  manifest: Buffer,
  options: { readonly as?: string; readonly mediaType?: string } = {},
): Promise<Response> {
  return await registry.request('PUT', `/v2/${repository}/manifests/${reference}`, {
    body: manifest,
    headers: { 'content-type': options.mediaType ?? OCI_MANIFEST },
    ...(options.as === undefined ? {} : { as: options.as }),
  });
}

export interface ChartToPush {
  readonly name: string;
  readonly version: string;
  /** Files below the chart's folder. */
  readonly files?: Record<string, string>;
  /** What helm writes from the file's time, so that equal charts have different manifests. */
  readonly created?: string;
  /** What the signature of its provenance file is made of; without it there is no such file. */
  readonly provenance?: string;
  /** The whole provenance file, where it is to be wrong. */
  readonly provenanceFile?: string;
  /** The text of Chart.yaml, and the config blob, where they are not to be made from the fields above. */
  readonly chartYaml?: string;
  readonly config?: unknown;
}

/** The manifest that `helm push` makes: no mediaType, layers sorted by digest; its blobs are pushed. */
export async function prepareChart(
  registry: TestRegistry,
  repository: string,
  chart: ChartToPush,
  as?: string,
): Promise<{ readonly manifest: Buffer; readonly archive: Buffer }> {
  const { archive, config } = await buildChart(chart);
  const provenance = provenanceFileOf(chart, archive);
  for (const blob of [archive, config, provenance]) if (blob) await pushBlob(registry, repository, blob, as);
  const layers = [
    descriptorOf(archive, HELM_CONTENT),
    ...(provenance ? [descriptorOf(provenance, HELM_PROVENANCE)] : []),
  ].sort((one, other) => one.digest.localeCompare(other.digest));
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, HELM_CONFIG),
    layers,
    annotations: {
      'org.opencontainers.image.title': chart.name,
      'org.opencontainers.image.version': chart.version,
      'org.opencontainers.image.created': chart.created ?? '2026-11-23T10:00:00Z',
    },
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), archive };
}

function provenanceFileOf(chart: ChartToPush, archive: Buffer): Buffer | undefined {
  if (chart.provenanceFile !== undefined) return Buffer.from(chart.provenanceFile);
  return chart.provenance === undefined ? undefined : provenanceOf({ ...chart, archive }, chart.provenance);
}

/** Pushes a chart to its tag; the last segment of the repository should be its name. */
export async function pushChart(
  registry: TestRegistry,
  repository: string,
  chart: ChartToPush,
  as?: string,
): Promise<Response> {
  const { manifest } = await prepareChart(registry, repository, chart, as);
  return await putManifest(registry, repository, chart.version.replaceAll('+', '_'), manifest, as ? { as } : {});
}

/** Pushes an artifact that is no chart. */
export async function pushArtifact(
  registry: TestRegistry,
  repository: string,
  tag: string,
  content: string,
): Promise<Response> {
  const config = Buffer.from('{}');
  const layer = Buffer.from(content);
  await pushBlob(registry, repository, config);
  await pushBlob(registry, repository, layer);
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'application/vnd.example.artifact',
    config: descriptorOf(config, 'application/vnd.oci.empty.v1+json'),
    layers: [descriptorOf(layer, 'application/octet-stream')],
  };
  return await putManifest(registry, repository, tag, Buffer.from(JSON.stringify(manifest)));
}

/** The first error of an answer in the OCI form. */
export async function errorOf(answer: Response): Promise<{ readonly code: string; readonly message: string }> {
  const { errors } = (await answer.json()) as { errors: [{ code: string; message: string }] };
  return errors[0];
}
