// What tasks of a race do, each in one line: pushes, deletes, mounts, uploads, as the routes do them.
import type { ChartInspection } from '../../src/charts/inspect.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import { parseReference, parseTag, type Tag } from '../../src/oci/tag.ts';
import type { Actor } from '../../src/registry/actor.ts';
import type { UploadAddress } from '../../src/registry/open-uploads.ts';
import type { ManifestPush } from '../../src/registry/push-manifest.ts';
import type { Chunk } from '../../src/registry/uploads.ts';
import { AUTHOR } from '../support/manager.ts';
import { descriptorOf } from './client.ts';
import type { RaceWorld } from './race-world.ts';

export const ACTOR: Actor = {
  name: 'somebody',
  author: AUTHOR,
  ownerKey: 'user somebody',
  address: { host: 'localhost', isPlainHttp: true },
  maySee: () => true,
  mayPull: () => true,
};

/** What can be pushed: its blobs, and its manifest. */
interface Artifact {
  readonly blobs: readonly Buffer[];
  readonly manifest: Buffer;
  readonly digest: Digest;
  readonly inspection: ChartInspection | undefined;
}

/** @param seed equal ones give equal artifacts */
export function artifactOf(seed: string, sharedLayer?: Buffer): Artifact {
  const blobs = [Buffer.from('{}'), sharedLayer ?? Buffer.from(`layer ${seed}`)];
  const [config, layer] = blobs.map((blob) => descriptorOf(blob));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: 'a/b', config, layers: [layer] };
  return artifact(blobs, { ...manifest, annotations: { seed } }, undefined);
}

/** A chart's manifest; what is in the archive is told and not read, so that reading it decides no order. */
export function chartOf(version: string, content: string, created = ''): Artifact {
  const metadata = { apiVersion: 'v2', name: 'web', version };
  const blobs = [Buffer.from(JSON.stringify(metadata)), Buffer.from(`archive ${content}`)];
  const [config = Buffer.of(), archive = Buffer.of()] = blobs;
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, HELM_CONFIG),
    layers: [descriptorOf(archive, HELM_CONTENT)],
    annotations: { created },
  };
  return artifact(blobs, manifest, { metadata, findings: [] });
}

function artifact(blobs: readonly Buffer[], json: object, inspection: ChartInspection | undefined): Artifact {
  const manifest = Buffer.from(JSON.stringify(json));
  return { blobs, manifest, digest: digestOf(manifest), inspection };
}

/** What tasks do in a repository. */
export class RaceRepository {
  readonly name: RepositoryName;
  readonly #world: RaceWorld;

  constructor(world: RaceWorld, name: string) {
    this.#world = world;
    this.name = parseRepositoryName(name);
  }

  async pushBlob(bytes: Buffer): Promise<void> {
    await this.#world.registry.uploads.store(this.name, digestOf(bytes), chunkOf(bytes));
  }

  async pushBlobs({ blobs }: Artifact): Promise<void> {
    for (const blob of blobs) await this.pushBlob(blob);
  }

  async putManifest({ manifest, inspection }: Artifact, reference: string): Promise<void> {
    const push: ManifestPush = {
      repository: this.name,
      reference: parseReference(reference),
      ...{ tags: [], contentType: OCI_MANIFEST, bytes: manifest, actor: ACTOR },
      ...(inspection ? { inspection } : {}),
    };
    await this.#world.registry.pushManifest(push);
  }

  async push(pushed: Artifact, reference: string): Promise<void> {
    await this.pushBlobs(pushed);
    await this.putManifest(pushed, reference);
  }

  /** @param reference a tag, or a digest */
  async delete(reference: string): Promise<void> {
    await this.#world.registry.deleteManifest(this.name, parseReference(reference), ACTOR);
  }

  async deleteBlob(bytes: Buffer): Promise<void> {
    await this.#world.registry.blobs.delete(this.name, digestOf(bytes), ACTOR);
  }

  async mount(bytes: Buffer, from: RaceRepository): Promise<void> {
    await this.#world.registry.uploads.mount(this.name, digestOf(bytes), from.name);
  }

  async yank(tag: string): Promise<void> {
    const notice = { repository: this.name, tag: parseTag(tag), kind: 'yanked', reason: '', replacement: '' } as const;
    await this.#world.registry.notices.put(notice, ACTOR);
  }

  async takeYankBack(tag: string): Promise<void> {
    await this.#world.registry.notices.remove({ repository: this.name, tag: parseTag(tag) }, ACTOR);
  }

  async startUpload(): Promise<UploadAddress> {
    const id = await this.#world.registry.uploads.start(this.name, ACTOR, 'sha256');
    return { repository: this.name, id, actor: ACTOR };
  }

  /** What a tag points at, and whether all that it needs can be read; undefined when it is not there. */
  async digestOf(tag: string): Promise<Digest | undefined> {
    const found = await this.#world.database.query<{ digest: Digest | null }>(
      'select digest from tags where repository = $1 and name = $2',
      [this.name, tag as Tag],
    );
    return found[0]?.digest ?? undefined;
  }

  async hasBlob(bytes: Buffer): Promise<boolean> {
    const found = await this.#world.database.query(
      'select digest from repository_blobs where repository = $1 and digest = $2',
      [this.name, digestOf(bytes)],
    );
    return found.length > 0;
  }
}

/** Bytes in two pieces, between which others have their turn. */
export function chunkOf(bytes: Buffer): Chunk {
  async function* body(): AsyncIterable<Uint8Array> {
    const middle = bytes.length >> 1;
    yield bytes.subarray(0, middle);
    yield bytes.subarray(middle);
  }
  return { body: body(), range: undefined, length: bytes.length };
}
