// Reading a manifest: the headers that clients compare, letter by letter.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, errorOf, prepareChart, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';
import { sendRaw } from '../support/raw-request.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const MANIFEST = bytesOf(await imageManifest(registry, 'team/web', { annotations: { title: 'ünïcode' } }));
const DIGEST = digestOf(MANIFEST);
await putManifest(registry, 'team/web', 'latest', MANIFEST);

describe.each(['latest', DIGEST])('the manifest at %s', (reference) => {
  const path = `/v2/team/web/manifests/${reference}`;

  test('comes with its exact type, length and digest', async () => {
    const answer = await registry.request('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(OCI_MANIFEST);
    expect(answer.headers.get('content-length')).toBe(String(MANIFEST.length));
    expect(answer.headers.get('docker-content-digest')).toBe(DIGEST);
    expect(answer.headers.get('etag')).toBe(`"${DIGEST}"`);
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(MANIFEST);
  });

  test('is announced by HEAD with the same headers and no body', async () => {
    const [got, head] = [await registry.request('GET', path), await registry.request('HEAD', path)];
    expect(head.status).toBe(200);
    for (const name of ['content-type', 'content-length', 'docker-content-digest', 'etag']) {
      expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)]);
    }
    expect(await head.text()).toBe('');
  });

  test.each([
    '',
    '*/*',
    'application/json',
    'text/html, image/*;q=0.5',
    'application/vnd.oci.artifact.manifest.v1+json',
    OCI_INDEX,
    ';;;q=zzz,,,',
    Array.from({ length: 200 }, (_, index) => `application/x${index}`).join(','),
  ])('is sent as it is, whatever the client accepts: %s', async (accept) => {
    const answer = await sendRaw(registry.url, { method: 'GET', target: path, headers: [`Accept: ${accept}`] });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, OCI_MANIFEST]);
  });

  test('is sent as it is to a client that says nothing of what it accepts', async () => {
    const answer = await sendRaw(registry.url, { method: 'GET', target: path });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, OCI_MANIFEST]);
  });

  test('is never compressed', async () => {
    const answer = await registry.request('GET', path, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers.get('content-encoding')).toBe(null);
    expect(answer.headers.get('content-length')).toBe(String(MANIFEST.length));
  });

  test.each([`"${DIGEST}"`, `W/"${DIGEST}"`, `"other", "${DIGEST}"`, '*'])(
    'is not sent again to whoever has %s',
    async (known) => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await registry.request(method, path, { headers: { 'if-none-match': known } });
        expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, `"${DIGEST}"`, '']);
        expect(answer.headers.get('docker-content-digest')).toBe(DIGEST);
      }
    },
  );

  test('is sent to whoever has another one', async () => {
    const answer = await registry.request('GET', path, { headers: { 'if-none-match': '"other"' } });
    expect(answer.status).toBe(200);
  });
});

test('an index has its own type', async () => {
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptorOf(MANIFEST, OCI_MANIFEST)] };
  await putManifest(registry, 'team/web', 'index', bytesOf(index), { mediaType: OCI_INDEX });
  const answer = await registry.request('GET', '/v2/team/web/manifests/index');
  expect(answer.headers.get('content-type')).toBe(OCI_INDEX);
});

test('a chart’s manifest, which has no mediaType, has the type it was pushed with', async () => {
  const { manifest } = await prepareChart(registry, 'team/chart', { name: 'chart', version: '1.0.0' });
  await putManifest(registry, 'team/chart', '1.0.0', manifest);
  const answer = await registry.request('GET', '/v2/team/chart/manifests/1.0.0');
  expect(answer.headers.get('content-type')).toBe(OCI_MANIFEST);
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(manifest);
});

test('the entity tag of a tag changes with what the tag points at', async () => {
  const [one, two] = [{ annotations: { n: '1' } }, { annotations: { n: '2' } }];
  await putManifest(registry, 'team/moving', 'tip', bytesOf(await imageManifest(registry, 'team/moving', one)));
  const before = await registry.request('GET', '/v2/team/moving/manifests/tip');
  const etag = before.headers.get('etag') ?? '';
  await putManifest(registry, 'team/moving', 'tip', bytesOf(await imageManifest(registry, 'team/moving', two)));
  const after = await registry.request('GET', '/v2/team/moving/manifests/tip', { headers: { 'if-none-match': etag } });
  expect(after.status).toBe(200);
  expect(await after.text()).toContain('"n":"2"');
});

test('a tag that is not there is 404, for GET with the reason and for HEAD without', async () => {
  const answer = await registry.request('GET', '/v2/team/web/manifests/2.0.0');
  expect(answer.status).toBe(404);
  expect(await errorOf(answer)).toEqual({ code: 'MANIFEST_UNKNOWN', message: 'team/web has no tag "2.0.0"' });
  const head = await registry.request('HEAD', '/v2/team/web/manifests/2.0.0');
  expect([head.status, await head.text()]).toEqual([404, '']);
});

test('a digest that is not there is 404, also when a tag is called like it', async () => {
  const digest = digestOf(Buffer.from('never pushed'));
  await putManifest(registry, 'team/web', digest.replace(':', '-'), MANIFEST);
  const answer = await registry.request('GET', `/v2/team/web/manifests/${digest}`);
  expect([answer.status, (await errorOf(answer)).code]).toEqual([404, 'MANIFEST_UNKNOWN']);
});

test('a repository that is not there is 404 and says what helm does with paths', async () => {
  const answer = await registry.request('GET', '/v2/team/missing/manifests/1.0.0');
  expect(answer.status).toBe(404);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('NAME_UNKNOWN');
  expect(message).toContain('there is no repository team/missing');
});

test.each([
  ['sha256:abc', 'DIGEST_INVALID'],
  [`md5:${'a'.repeat(32)}`, 'DIGEST_INVALID'],
  ['a:b', 'DIGEST_INVALID'],
])('a digest that cannot be one is refused: %s', async (reference, code) => {
  const answer = await registry.request('GET', `/v2/team/web/manifests/${reference}`);
  expect([answer.status, (await errorOf(answer)).code]).toEqual([400, code]);
});
