// One of the clients: what every operation of a client needs, and the pushes that they have in common.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Random } from '../support/random.ts';
import { type Answer, type Connection, requireStatus, Violation } from './connection.ts';
import type { Model } from './model.ts';

/** A collection with no grace may take a blob before the manifest comes that needs it; then it is pushed again. */
const MAXIMUM_ATTEMPTS = 30;

export interface Client {
  /** `c3`: no other one has it. */
  readonly name: string;
  readonly round: number;
  readonly connection: Connection;
  readonly model: Model;
  readonly random: Random;
  /** Layers that many clients push, to many repositories. */
  readonly sharedLayers: readonly Buffer[];
}

export async function pushBlob(client: Client, repository: string, bytes: Buffer): Promise<void> {
  const digest = digestOf(bytes);
  const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  requireStatus(await client.connection.ask('POST', path, { body: bytes }), [201], `push of a blob to ${repository}`);
  acknowledgeBlob(client, repository, bytes);
}

export function acknowledgeBlob({ model }: Client, repository: string, bytes: Buffer): void {
  const path = `/v2/${repository}/blobs/${digestOf(bytes)}`;
  model.blobs.set(path, bytes);
  model.touched.add(path);
}

export async function putManifest(
  { connection }: Client,
  repository: string,
  reference: string,
  manifest: Buffer,
): Promise<Answer> {
  const path = `/v2/${repository}/manifests/${reference}`;
  return await connection.ask('PUT', path, { body: manifest, type: OCI_MANIFEST });
}

/** Does both steps of a push; again, when garbage collection has come between them. @returns the last answer */
export async function pushTogether(pushBlobs: () => Promise<void>, put: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    await pushBlobs();
    const answer = await put();
    const isBlobGone =
      answer.status >= 400 && /BLOB_UNKNOWN|the manifest names blob|was deleted meanwhile/.test(answer.body.toString());
    if (!isBlobGone || attempt >= MAXIMUM_ATTEMPTS) return answer;
  }
}

export function descriptorOf(bytes: Buffer, mediaType = 'application/octet-stream') {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** @throws Violation when the only digest that a tag may have is none */
export function certain(possible: readonly (Digest | null)[]): Digest | undefined {
  if (possible.length === 0) throw new Violation('nothing is possible any more');
  return possible.length === 1 ? (possible[0] ?? undefined) : undefined;
}
