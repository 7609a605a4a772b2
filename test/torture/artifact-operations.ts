// What clients do with artifacts that are no charts: tags that move, mounts, uploads in chunks, deletes.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { acknowledgeBlob, type Client, certain, descriptorOf, pushBlob, pushTogether, putManifest } from './client.ts';
import { requireStatus, Violation } from './connection.ts';
import type { OpenUpload } from './model.ts';

const TAGS = ['t0', 't1', 't2', 't3'];
const CONFIG = Buffer.from('{}');

function repositoryOf({ name }: Client): string {
  return `artifacts/${name}`;
}

/** Moves a tag to new content, some of whose layers others push as well. */
export async function moveTag(client: Client): Promise<void> {
  const { random } = client;
  const own = random.chance(0.5) ? [random.bytes(1 + random.below(3000))] : [];
  const layers = [random.pick(client.sharedLayers), ...own];
  await pushArtifact(client, repositoryOf(client), random.pick(TAGS), layers);
}

/** Points another tag at what one points at. */
export async function tagAgain(client: Client): Promise<void> {
  const { model, random } = client;
  const repository = repositoryOf(client);
  const digest = certain(model.tag(repository, random.pick(TAGS)).possible);
  const bytes = digest && model.manifestBytes.get(digest);
  if (!bytes) return;
  const tag = model.tag(repository, 'again');
  const manifest = model.manifest(repository, digest);
  tag.begin(() => digest);
  manifest.begin(() => true);
  requireStatus(await putManifest(client, repository, 'again', bytes), [201], `re-tag in ${repository}`);
  tag.acknowledge();
  manifest.acknowledge();
}

export async function deleteTag(client: Client): Promise<void> {
  const { model, connection, random } = client;
  const repository = repositoryOf(client);
  const name = random.pick(TAGS);
  const tag = model.tag(repository, name);
  const digest = certain(tag.possible);
  if (!digest) return;
  tag.begin(() => null);
  const answer = await connection.ask('DELETE', `/v2/${repository}/manifests/${name}`);
  requireStatus(answer, [202], `delete of ${repository}:${name}`);
  tag.acknowledge();
}

/** Deletes a manifest, and with it each of its tags. */
export async function deleteManifest(client: Client): Promise<void> {
  const { model, connection, random } = client;
  const repository = repositoryOf(client);
  const digest = certain(model.tag(repository, random.pick(TAGS)).possible);
  if (!digest) return;
  const tags = [...TAGS, 'again'].map((tag) => model.tag(repository, tag));
  const manifest = model.manifest(repository, digest);
  for (const tag of tags) tag.begin((state) => (state === digest ? null : state));
  manifest.begin(() => false);
  const answer = await connection.ask('DELETE', `/v2/${repository}/manifests/${digest}`);
  requireStatus(answer, [202], `delete of ${repository}@${digest}`);
  for (const tag of tags) tag.acknowledge();
  manifest.acknowledge();
}

/** Has another repository read the layers of an artifact without a transfer, and puts its manifest there. */
export async function mountArtifact(client: Client): Promise<void> {
  const { model, connection, random } = client;
  const [from, to] = [repositoryOf(client), `mounted/${client.name}`];
  const digest = certain(model.tag(from, random.pick(TAGS)).possible);
  const bytes = digest && model.manifestBytes.get(digest);
  if (!bytes) return;
  const { config, layers } = JSON.parse(bytes.toString()) as ArtifactManifest;
  const mountAll = async (): Promise<void> => {
    for (const blob of [config, ...layers]) {
      const path = `/v2/${to}/blobs/uploads/?mount=${blob.digest}&from=${from}`;
      requireStatus(await connection.ask('POST', path), [201], `mount of a tagged artifact's blob from ${from}`);
    }
  };
  const tag = model.tag(to, 'latest');
  const manifest = model.manifest(to, digest);
  const answer = await pushTogether(mountAll, async () => {
    tag.begin(() => digest);
    manifest.begin(() => true);
    return await putManifest(client, to, 'latest', bytes);
  });
  requireStatus(answer, [201], `push of mounted layers to ${to}`);
  tag.acknowledge();
  manifest.acknowledge();
}

/** Pushes a blob in several chunks, and an artifact of it; sometimes it is given up. */
export async function pushInChunks(client: Client): Promise<void> {
  const { model, connection, random } = client;
  const repository = `chunked/${client.name}`;
  const bytes = random.bytes(20_000 + random.below(100_000));
  const started = await connection.ask('POST', `/v2/${repository}/blobs/uploads/`);
  requireStatus(started, [202], `start of an upload to ${repository}`);
  const location = started.headers.get('location') ?? '';
  const upload: OpenUpload = { repository, location, bytes, received: 0, isEnding: false, isTorn: false };
  model.uploads.set(location, upload);
  if (random.chance(0.15)) {
    upload.isEnding = true;
    requireStatus(await connection.ask('DELETE', location), [204], `cancel of ${location}`);
    model.uploads.delete(location);
  } else await continueUpload(client, upload);
}

/** Goes on with an upload from where it stands. */
export async function continueUpload(client: Client, upload: OpenUpload): Promise<void> {
  const { model, connection, random } = client;
  const { bytes, location, repository } = upload;
  while (upload.received < bytes.length) {
    const end = Math.min(bytes.length, upload.received + 10_000 + random.below(40_000));
    const answer = await connection.ask('PATCH', location, { body: bytes.subarray(upload.received, end) });
    requireStatus(answer, [202], `chunk of ${location}`);
    upload.received = end;
  }
  upload.isEnding = true;
  const answer = await connection.ask('PUT', `${location}?digest=${digestOf(bytes)}`);
  model.uploads.delete(location);
  if (upload.isTorn && answer.status === 400 && /DIGEST_INVALID/.test(answer.body.toString())) return;
  requireStatus(answer, [201], `end of ${location}`);
  acknowledgeBlob(client, repository, bytes);
  await pushArtifact(client, repository, 'latest', [bytes]);
}

interface ArtifactManifest {
  readonly config: { readonly digest: Digest };
  readonly layers: readonly { readonly digest: Digest }[];
}

async function pushArtifact(client: Client, repository: string, tag: string, layers: readonly Buffer[]) {
  const { model, random } = client;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.artifact',
      config: descriptorOf(CONFIG),
      layers: layers.map((layer) => descriptorOf(layer)),
      annotations: { client: client.name, number: String(random.next()) },
    }),
  );
  const digest = digestOf(bytes);
  model.manifestBytes.set(digest, bytes);
  const register = model.tag(repository, tag);
  const manifest = model.manifest(repository, digest);
  const pushBlobs = async (): Promise<void> => {
    for (const blob of [CONFIG, ...layers]) await pushBlob(client, repository, blob);
  };
  const answer = await pushTogether(pushBlobs, async () => {
    register.begin(() => digest);
    manifest.begin(() => true);
    return await putManifest(client, repository, tag, bytes);
  });
  requireStatus(answer, [201], `push of ${repository}:${tag}`);
  if (answer.headers.get('docker-content-digest') !== digest) throw new Violation(`${repository}:${tag}: wrong digest`);
  register.acknowledge();
  manifest.acknowledge();
}
