// Images as docker pushes them: schema 2 manifests and lists beside those of the OCI.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, errorOf, pushBlob, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json';
const LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

async function dockerImage(repository: string): Promise<Buffer> {
  const [config, layer] = [Buffer.from('{"os":"linux"}'), Buffer.from('a docker layer')];
  for (const blob of [config, layer]) await pushBlob(registry, repository, blob);
  return bytesOf({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: descriptorOf(config, CONFIG_TYPE),
    layers: [descriptorOf(layer, LAYER_TYPE)],
  });
}

test('a docker image is pushed and read as it is', async () => {
  const bytes = await dockerImage('docker/app');
  expect((await putManifest(registry, 'docker/app', 'latest', bytes, { mediaType: DOCKER_MANIFEST })).status).toBe(201);
  const answer = await registry.request('GET', '/v2/docker/app/manifests/latest', {
    headers: { accept: OCI_MANIFEST },
  });
  expect(answer.headers.get('content-type')).toBe(DOCKER_MANIFEST);
  expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
});

test('a manifest list is pushed and read as it is, with platforms', async () => {
  const image = await dockerImage('docker/many');
  await putManifest(registry, 'docker/many', digestOf(image), image, { mediaType: DOCKER_MANIFEST });
  const manifests = ['amd64', 'arm64'].map((architecture) => ({
    ...descriptorOf(image, DOCKER_MANIFEST),
    platform: { os: 'linux', architecture },
  }));
  const list = bytesOf({ schemaVersion: 2, mediaType: DOCKER_MANIFEST_LIST, manifests });
  const mediaType = DOCKER_MANIFEST_LIST;
  expect((await putManifest(registry, 'docker/many', 'latest', list, { mediaType })).status).toBe(201);
  const answer = await registry.request('GET', '/v2/docker/many/manifests/latest');
  expect(answer.headers.get('content-type')).toBe(DOCKER_MANIFEST_LIST);
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(list);
});

test('a manifest list of images that are not there is refused', async () => {
  const digest = digestOf(Buffer.from('never pushed'));
  const manifests = [{ mediaType: DOCKER_MANIFEST, digest, size: 1 }];
  const list = bytesOf({ schemaVersion: 2, mediaType: DOCKER_MANIFEST_LIST, manifests });
  const answer = await putManifest(registry, 'docker/none', 'latest', list, { mediaType: DOCKER_MANIFEST_LIST });
  expect(answer.status).toBe(400);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('MANIFEST_BLOB_UNKNOWN');
  expect(message).toContain(digest);
});

test('foreign layers, which docker does not push, may be missing', async () => {
  const config = Buffer.from('{"os":"windows"}');
  await pushBlob(registry, 'docker/foreign', config);
  const foreign = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: digestOf(Buffer.from('at its vendor')),
    size: 13,
    urls: ['https://example.com/layer'],
  };
  const bytes = bytesOf({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: descriptorOf(config, CONFIG_TYPE),
    layers: [foreign],
  });
  const answer = await putManifest(registry, 'docker/foreign', 'latest', bytes, { mediaType: DOCKER_MANIFEST });
  expect(answer.status).toBe(201);
});

test('a docker image that says it is one of the OCI is refused', async () => {
  const bytes = await dockerImage('docker/wrong');
  const answer = await putManifest(registry, 'docker/wrong', 'latest', bytes, { mediaType: OCI_MANIFEST });
  expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_INVALID']);
});

test.each([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
])('schema 1 is refused, with what is taken instead: %s', async (mediaType) => {
  const bytes = bytesOf({ schemaVersion: 1, name: 'docker/old', tag: 'latest', fsLayers: [], history: [] });
  const answer = await putManifest(registry, 'docker/old', 'latest', bytes, { mediaType });
  expect(answer.status).toBe(400);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('MANIFEST_INVALID');
  expect(message).toContain('Docker schema 2 manifests and lists');
});

test('an index of the OCI may name docker images, which may refer to a subject', async () => {
  const docker = await dockerImage('mixed');
  await putManifest(registry, 'mixed', digestOf(docker), docker, { mediaType: DOCKER_MANIFEST });
  const subject = descriptorOf(docker, DOCKER_MANIFEST);
  const bytes = bytesOf(await imageManifest(registry, 'mixed', { subject }));
  const answer = await putManifest(registry, 'mixed', digestOf(bytes), bytes);
  expect(answer.headers.get('oci-subject')).toBe(digestOf(docker));
  const referrers = await registry.request('GET', `/v2/mixed/referrers/${digestOf(docker)}`);
  expect(await referrers.text()).toContain(digestOf(bytes));
});
