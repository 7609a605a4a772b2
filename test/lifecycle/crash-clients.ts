// Clients that push to a server which may die at any moment, and remember what it acknowledged.

import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { buildChart } from '../support/chart-builder.ts';

/** An answer that a server must not give, whenever it dies. */
export class WrongAnswer extends Error {}

/** The server is gone: the client does not know what became of its request. */
export class ServerGone extends Error {}

export type Ask = (method: string, path: string, body?: Buffer, contentType?: string) => Promise<Response>;

export interface PushedTag {
  readonly repository: string;
  readonly tag: string;
  readonly manifest: Buffer;
  readonly blobs: readonly Buffer[];
}

/** Everything that clients know at the moment of a crash. */
export class Acknowledged {
  /** By repository and tag: what was acknowledged last, and what was sent after it without an answer. */
  readonly tags = new Map<string, { acknowledged: PushedTag | undefined; unanswered: PushedTag | undefined }>();
  /** By repository and digest. */
  readonly blobs = new Map<string, Buffer>();
  /** Uploads that were not finished: what was acknowledged, of which bytes. */
  readonly uploads = new Map<string, { readonly repository: string; readonly bytes: Buffer; received: number }>();

  tag(repository: string, tag: string): { acknowledged: PushedTag | undefined; unanswered: PushedTag | undefined } {
    const key = `${repository}:${tag}`;
    const entry = this.tags.get(key) ?? { acknowledged: undefined, unanswered: undefined };
    this.tags.set(key, entry);
    return entry;
  }
}

/** Random numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomBytes(random: () => number, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
}

/** Publishes one new version of a chart, as helm does. */
export async function pushChartVersion(ask: Ask, known: Acknowledged, random: () => number, version: string) {
  const name = `chart-${Math.floor(random() * 3)}`;
  const repository = `team/${name}`;
  const files = { 'data.bin': randomBytes(random, Math.floor(random() * 40_000)) };
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
export async function moveTag(ask: Ask, known: Acknowledged, random: () => number, repository: string) {
  const blobs = [Buffer.from('{}'), randomBytes(random, 500)];
  for (const blob of blobs) await pushWhole(ask, known, repository, blob);
  const [config, layer] = blobs.map((blob) => ({
    mediaType: 'application/octet-stream',
    digest: digestOf(blob),
    size: blob.length,
  }));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
  await pushTag(ask, known, { repository, tag: 'latest', manifest: Buffer.from(JSON.stringify(manifest)), blobs });
}

/** Pushes a blob in several chunks. */
export async function pushInChunks(ask: Ask, known: Acknowledged, random: () => number, repository: string) {
  const bytes = randomBytes(random, 50_000 + Math.floor(random() * 200_000));
  const started = await expected(202, ask('POST', `/v2/${repository}/blobs/uploads/`));
  const location = started.headers.get('location') ?? '';
  known.uploads.set(location, { repository, bytes, received: 0 });
  await continueUpload(ask, known, random, location);
}

/** Goes on with an upload from where the client believes it to stand, up to its end. */
export async function continueUpload(ask: Ask, known: Acknowledged, random: () => number, location: string) {
  const upload = known.uploads.get(location);
  if (!upload) throw new Error(`there is no upload ${location}`);
  const { bytes, repository } = upload;
  while (upload.received < bytes.length) {
    const end = Math.min(bytes.length, upload.received + 20_000 + Math.floor(random() * 40_000));
    await expected(202, ask('PATCH', location, bytes.subarray(upload.received, end)));
    upload.received = end;
  }
  const digest = digestOf(bytes);
  await expected(201, ask('PUT', `${location}?digest=${digest}`));
  known.blobs.set(blobKey(repository, digest), bytes);
  known.uploads.delete(location);
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
  entry.unanswered = pushed;
  await expected(201, ask('PUT', `/v2/${pushed.repository}/manifests/${pushed.tag}`, pushed.manifest, OCI_MANIFEST));
  entry.acknowledged = pushed;
  entry.unanswered = undefined;
}

async function expected(status: number, asking: Promise<Response>): Promise<Response> {
  const answer = await asking;
  if (answer.status !== status) throw new WrongAnswer(`${answer.status} instead of ${status}: ${await answer.text()}`);
  await answer.arrayBuffer().catch(() => {
    throw new ServerGone('in the middle of its answer');
  });
  return answer;
}
