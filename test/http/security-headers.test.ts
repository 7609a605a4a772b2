// What keeps browsers from making something else of answers than what they are: on every answer, whoever gives it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { exchange, sendRaw } from './support/raw-request.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
beforeAll(async () => {
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
});

const EXPECTED = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

function securityHeadersOf(headers: Headers): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, headers.get(name)]));
}

describe('every answer has them', () => {
  test.each([
    ['GET', '/', 200],
    ['HEAD', '/', 200],
    ['GET', '/livez', 200],
    ['GET', '/readyz', 200],
    ['GET', '/robots.txt', 200],
    ['GET', '/v2/', 200],
    ['HEAD', '/v2/', 200],
    ['GET', '/token', 200],
    ['GET', '/v2/team/web/manifests/1.0.0', 200],
    ['HEAD', '/v2/team/web/manifests/1.0.0', 200],
    ['GET', '/team/index.yaml', 200],
    ['GET', '/team/charts/web-1.0.0.tgz', 200],
    ['GET', '/charts/team/web', 200],
    ['GET', '/api/v1/openapi.json', 200],
    ['GET', '/api/v1/users', 200],
    ['GET', '/api/v1/charts/team/web/-/versions/1.0.0/files/Chart.yaml', 200],
    ['POST', '/v2/team/web/blobs/uploads/', 202],
    ['DELETE', '/v2/team/web/blobs/uploads/none', 404],
    ['GET', '/nothing', 404],
    ['GET', '/v2/none/manifests/x', 404],
    ['GET', '/v2/UPPER/tags/list', 400],
    ['GET', '/%zz', 400],
    ['GET', `/v2/${'x'.repeat(12_000)}/tags/list`, 400],
    ['OPTIONS', '/v2/', 405],
    ['PUT', '/api/v1/users', 405],
  ])('%s %s', async (method, target, status) => {
    const answer = await sendRaw(registry.url, { method, target, headers: ['Content-Length: 0'] });
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([status, EXPECTED]);
    expect([answer.headers.get('server'), answer.headers.get('x-powered-by')]).toEqual([null, null]);
    expect(answer.headers.get('strict-transport-security')).toBe(null);
  });

  test('one without a credential', async () => {
    const answer = await registry.request('GET', '/v2/', { as: undefined });
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([401, EXPECTED]);
  });

  test.each(['/v2/team/web/manifests/1.0.0', '/team/index.yaml', '/team/charts/web-1.0.0.tgz'])(
    'one that says that nothing has changed: %s',
    async (path) => {
      const etag = (await registry.request('GET', path)).headers.get('etag') ?? '';
      for (const method of ['GET', 'HEAD']) {
        const answer = await registry.request(method, path, { headers: { 'if-none-match': etag } });
        expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([304, EXPECTED]);
        expect(answer.headers.get('etag')).toBe(etag);
      }
    },
  );

  test('one to a request that expects what nobody knows', async () => {
    const answer = await sendRaw(registry.url, {
      method: 'GET',
      target: '/livez',
      headers: ['Expect: the-unexpected'],
    });
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([200, EXPECTED]);
  });

  test('one to a target that is a host alone, which means its root', async () => {
    const answer = await sendRaw(registry.url, { method: 'GET', target: 'http://charts.example.com' });
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([200, EXPECTED]);
  });

  test('one to what is no HTTP', async () => {
    const answer = await exchange(registry.url, 'noise\r\n\r\n');
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([400, EXPECTED]);
  });

  test.each([
    ['without Host', ''],
    ['with two', 'Host: a\r\nHost: b\r\n'],
    ['with the same one twice', 'Host: a\r\nhOST: a\r\n'],
  ])('one to a request %s, which is refused', async (_which, hosts) => {
    const answer = await exchange(registry.url, `GET /livez HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
    expect([answer.status, securityHeadersOf(answer.headers)]).toEqual([400, EXPECTED]);
    expect(JSON.parse(answer.body)).toMatchObject({
      errors: [{ message: expect.stringContaining('one Host header') }],
    });
  });
});

describe('what somebody pushed is run by no browser', () => {
  const PAGE = '<html><script>fetch("/api/v1/users")</script></html>';

  test('a blob', async () => {
    const digest = await pushBlob(registry, 'team/page', Buffer.from(PAGE));
    const answer = await registry.request('GET', `/v2/team/page/blobs/${digest}`, { headers: { accept: 'text/html' } });
    expect([await answer.text(), answer.headers.get('content-type')]).toEqual([PAGE, 'application/octet-stream']);
    expect(securityHeadersOf(answer.headers)).toEqual(EXPECTED);
  });

  test('a manifest that says that it is a page', async () => {
    const manifest = bytesOf({ ...(await imageManifest(registry, 'team/page')), mediaType: 'text/html', text: PAGE });
    const answer = await putManifest(registry, 'team/page', 'page', manifest, { mediaType: 'text/html' });
    expect(answer.status).toBe(400);
    expect((await registry.request('GET', '/v2/team/page/manifests/page')).status).toBe(404);
  });
});

describe('browsers are told to come back over https alone', () => {
  test.each([
    ['https://charts.example.com', 'max-age=31536000'],
    ['http://charts.example.com', null],
    ['https://charts.example.com:8443', null],
  ])('where the public URL is %s: %s', async (publicUrl, expected) => {
    await using other = await startRegistry({ publicUrl });
    for (const path of ['/', '/nothing', '/v2/']) {
      const { headers } = await other.request('GET', path, { headers: { 'x-forwarded-proto': 'https' } });
      expect(headers.get('strict-transport-security')).toBe(expected);
    }
  });
});
