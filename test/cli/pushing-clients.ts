// Clients that push to a server, and remember what it acknowledged.

import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { buildChart } from '../support/chart-builder.ts';
import type { Random } from '../support/random.ts';

export type Ask = (method: string, path: string, body?: Buffer, contentType?: string) => Promise<Response>;

interface PushedTag {
  readonly repository: string;
  readonly tag: string;
  readonly manifest: Buffer;
  readonly blobs: readonly Buffer[];
}

/** Everything that clients know. */
export class Acknowledged {
  /** By repository and tag: what was acknowledged last. */
  readonly tags = new Map<string, { acknowledged: PushedTag | undefined }>();
  /** By repository and digest. */
  readonly blobs = new Map<string, Buffer>();

  tag(repository: string, tag: string): { acknowledged: PushedTag | undefined } {
    const key = `${repository}:${tag}`;
    const entry = this.tags.get(key) ?? { acknowledged: undefined };
    this.tags.set(key, entry);
    return entry;
  }
}

/** Publishes one new version of a chart, as helm does. */
export async function pushChartVersion(ask: Ask, known: Acknowledged, random: Random, version: string) {
  const name = `chart-${random.below(3)}`;
  const repository = `team/${name}`;
  const files = { 'data.bin': random.bytes(random.below(40_000)) };
  const { archive, config } = await buildChart({ name, version, files });
  const blobs = [config, archive];
  for (const blob of blobs) await pushWhole(ask, known, repository, blob);
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: HELM_CONFIG, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: HELM_CONTENT, digest: digestOf(archive), size: archive.length }],
  };
  await pushTag(ask, known, { repository, tag: version, manifest: Buffer.from(JSON.stringify(manifest)), blobs });
}

/** Moves the tag "latest" of an artifact to new content. */
export async function moveTag(ask: Ask, known: Acknowledged, random: Random, repository: string) {
  const blobs = [Buffer.from('{}'), random.bytes(500)];
  for (const blob of blobs) await pushWhole(ask, known, repository, blob);
  const [config, layer] = blobs.map((blob) => ({
    mediaType: 'application/octet-stream',
    digest: digestOf(blob),
    size: blob.length,
  }));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
  await pushTag(ask, known, { repository, tag: 'latest', manifest: Buffer.from(JSON.stringify(manifest)), blobs });
}

function blobKey(repository: string, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`;
}

async function pushWhole(ask: Ask, known: Acknowledged, repository: string, bytes: Buffer): Promise<void> {
  const digest = digestOf(bytes);
  await expected(201, ask('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, bytes));
  known.blobs.set(blobKey(repository, digest), bytes);
}

async function pushTag(ask: Ask, known: Acknowledged, pushed: PushedTag): Promise<void> {
  const entry = known.tag(pushed.repository, pushed.tag);
  await expected(201, ask('PUT', `/v2/${pushed.repository}/manifests/${pushed.tag}`, pushed.manifest, OCI_MANIFEST));
  entry.acknowledged = pushed;
}

async function expected(status: number, asking: Promise<Response>): Promise<Response> {
  const answer = await asking;
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${await answer.text()}`);
  await answer.arrayBuffer();
  return answer;
}
