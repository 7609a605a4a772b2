// Challenges: what a client is told about logging in, letter by letter, and by which name it knows the registry.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { errorOf, putManifest } from '../support/artifacts.ts';
import { MANAGER } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { exchange, sendRaw } from './support/raw-request.ts';

const registry = await startRegistry();
const proxied = await startRegistry({ trustedProxies: ['127.0.0.1'] });
const named = await startRegistry({ publicUrl: 'https://charts.example.com', trustedProxies: ['127.0.0.1'] });
await registry.accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
await putManifest(registry, 'public/web', 'tip', bytesOf(await imageManifest(registry, 'public/web')));
afterAll(async () => {
  for (const each of [registry, proxied, named]) await each[Symbol.asyncDispose]();
});

const HOST = new URL(registry.url).host;
const BASE = `Bearer realm="http://${HOST}/token",service="${HOST}"`;
const DIGEST = digestOf(Buffer.from('never pushed'));

async function challengeOf(method: string, path: string, as?: string): Promise<string | null> {
  const answer = await registry.request(method, path, { as });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  return answer.headers.get('www-authenticate');
}

describe('without a credential', () => {
  test.each(['/v2/', '/v2'])('%s asks for a login, without a scope', async (path) => {
    expect(await challengeOf('GET', path)).toBe(BASE);
  });

  test('the catalog asks for a token to list it', async () => {
    expect(await challengeOf('GET', '/v2/_catalog')).toBe(`${BASE},scope="registry:catalog:*"`);
  });

  test('HEAD /v2/ does as well', async () => {
    expect(await challengeOf('HEAD', '/v2/')).toBe(BASE);
  });

  test.each([
    ['GET', 'tags/list', 'pull'],
    ['GET', 'manifests/1.0.0', 'pull'],
    ['HEAD', 'manifests/1.0.0', 'pull'],
    ['GET', `blobs/${DIGEST}`, 'pull'],
    ['HEAD', `blobs/${DIGEST}`, 'pull'],
    ['GET', `referrers/${DIGEST}`, 'pull'],
    ['PUT', 'manifests/1.0.0', 'pull,push'],
    ['POST', 'blobs/uploads/', 'pull,push'],
    ['PATCH', 'blobs/uploads/00000000-0000-4000-8000-000000000000', 'pull,push'],
    ['DELETE', 'manifests/1.0.0', 'delete'],
    ['DELETE', `blobs/${DIGEST}`, 'delete'],
  ])('%s %s asks for a token with what it needs', async (method, path, actions) => {
    expect(await challengeOf(method, `/v2/team/web/${path}`)).toBe(`${BASE},scope="repository:team/web:${actions}"`);
  });

  test('there is one challenge, since clients read the first only', async () => {
    const answer = await sendRaw(registry.url, { method: 'GET', target: '/v2/', headers: ['Authorization: Bearer x'] });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).not.toMatch(/Basic|, /);
  });

  test('the body says what to run', async () => {
    const answer = await registry.request('GET', '/v2/', { as: undefined });
    expect(await errorOf(answer)).toEqual({
      code: 'UNAUTHORIZED',
      message: `log in: run "helm registry login ${HOST} --plain-http"`,
    });
  });
});

describe('a password is accepted directly', () => {
  const encoded = Buffer.from(ADMIN).toString('base64');
  test.each([`Basic ${encoded}`, `basic ${encoded}`, `BASIC  ${encoded}`])('as "%s"', async (authorization) => {
    for (const path of ['/v2/', '/v2/_catalog', '/v2/public/web/tags/list']) {
      const answer = await registry.request('GET', path, { as: undefined, headers: { authorization } });
      expect([path, answer.status]).toEqual([path, 200]);
    }
  });
});

describe('an Authorization header that is wrong', () => {
  test.each([
    'Bearer',
    'Bearer ',
    'Bearer  ',
    'Bearer a b',
    'Basic',
    'Basic ',
    'Basic !!!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Basic ${Buffer.from(':').toString('base64')}`,
    `Basic ${Buffer.from('admin:wrong-password').toString('base64')}`,
    'Digest username="admin"',
    'Negotiate abc',
    'nonsense',
    'Bearer null',
    'Bearer undefined',
  ])('is refused: "%s"', async (authorization) => {
    for (const target of ['/v2/', '/v2/team/web/tags/list']) {
      const headers = [`Authorization: ${authorization}`];
      const answer = await sendRaw(registry.url, { method: 'GET', target, headers });
      expect([target, answer.status]).toEqual([target, 401]);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer realm="http:\/\/registry\.test\/token",service="registry\.test"/,
      );
      expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
    }
  });

  test.each([
    ['Bearer nonsense', ',error="invalid_token"'],
    [`Basic ${Buffer.from('admin:wrong-password').toString('base64')}`, ''],
    ['Digest username="admin"', ''],
  ])('is answered with the scope that is needed, so that the next token is the right one: %s', async (shown, error) => {
    const headers = { authorization: shown };
    for (const [method, path, scope] of [
      ['GET', '/v2/team/web/tags/list', 'repository:team/web:pull'],
      ['POST', '/v2/team/web/blobs/uploads/', 'repository:team/web:pull,push'],
      ['DELETE', '/v2/team/web/manifests/tip', 'repository:team/web:delete'],
      ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ] as const) {
      const answer = await registry.request(method, path, { as: undefined, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(`${BASE},scope="${scope}"${error}`);
    }
    const base = await registry.request('GET', '/v2/', { as: undefined, headers });
    expect(base.headers.get('www-authenticate')).toBe(`${BASE}${error}`);
  });

  test('is not outvoted by a second one', async () => {
    const headers = ['Authorization: Bearer x', `Authorization: Basic ${Buffer.from(ADMIN).toString('base64')}`];
    expect((await sendRaw(registry.url, { method: 'GET', target: '/v2/', headers })).status).toBe(401);
  });
});

describe('the name in the challenge', () => {
  async function challengeFor(url: string, ...headers: readonly string[]): Promise<string | null> {
    const lines = ['GET /v2/ HTTP/1.1', ...headers, 'Connection: close', '', ''];
    const answer = await exchange(url, lines.join('\r\n'));
    expect(answer.status).toBe(401);
    return answer.headers.get('www-authenticate');
  }

  test.each([
    'charts.example.com',
    'charts.example.com:8443',
    'localhost:5000',
    '10.0.0.7',
    '[::1]:5000',
    'UPPER.example',
  ])('is the one that the client used: %s', async (host) => {
    expect(await challengeFor(registry.url, `Host: ${host}`)).toBe(
      `Bearer realm="http://${host}/token",service="${host}"`,
    );
  });

  test.each([
    'evil.example", realm="http://evil.example',
    'evil.example/path',
    'evil.example?query',
    'user@evil.example',
    'evil.example, other',
    'evil.example:port',
    'evil.example:1234567',
    "evil.example'",
    'evil.example;x',
    'evil example',
    '$(reboot)',
    '`reboot`',
    '',
  ])('is localhost for a Host that is none: "%s"', async (host) => {
    expect(await challengeFor(registry.url, `Host: ${host}`)).toBe(
      'Bearer realm="http://localhost/token",service="localhost"',
    );
  });

  test('is localhost for a client too old to say', async () => {
    const answer = await exchange(registry.url, 'GET /v2/ HTTP/1.0\r\n\r\n');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="http://localhost/token",service="localhost"');
  });

  test('does not follow X-Forwarded headers of somebody who is no trusted proxy', async () => {
    const forwarded = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example'];
    expect(await challengeFor(registry.url, 'Host: here', ...forwarded)).toBe(
      'Bearer realm="http://here/token",service="here"',
    );
  });

  test('is the one that a trusted proxy passes on', async () => {
    const forwarded = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: charts.example.com'];
    expect(await challengeFor(proxied.url, 'Host: internal:5000', ...forwarded)).toBe(
      'Bearer realm="https://charts.example.com/token",service="charts.example.com"',
    );
    expect(await challengeFor(proxied.url, 'Host: charts.example.com', 'X-Forwarded-Proto: HTTPS')).toBe(
      'Bearer realm="https://charts.example.com/token",service="charts.example.com"',
    );
  });

  test.each(['javascript', 'https", realm="http://evil.example', 'ftp', 'httpss', ''])(
    'has the scheme http when what a trusted proxy passes on is no scheme of ours: "%s"',
    async (scheme) => {
      expect(await challengeFor(proxied.url, 'Host: here', `X-Forwarded-Proto: ${scheme}`)).toBe(
        'Bearer realm="http://here/token",service="here"',
      );
    },
  );

  test('is localhost when a trusted proxy passes on a Host that is none', async () => {
    expect(await challengeFor(proxied.url, 'Host: here', 'X-Forwarded-Host: evil", realm="x')).toBe(
      'Bearer realm="http://localhost/token",service="localhost"',
    );
  });

  test('is the configured one, whatever a request says', async () => {
    const forwarded = ['X-Forwarded-Proto: http', 'X-Forwarded-Host: evil.example'];
    for (const headers of [['Host: internal:5000'], ['Host: internal:5000', ...forwarded]]) {
      expect(await challengeFor(named.url, ...headers)).toBe(
        'Bearer realm="https://charts.example.com/token",service="charts.example.com"',
      );
    }
  });

  test('is also the one in the commands of messages, which need --plain-http only for http', async () => {
    const answer = await named.request('GET', '/v2/', { as: undefined });
    expect((await errorOf(answer)).message).toBe('log in: run "helm registry login charts.example.com"');
  });
});

test('the page at the root shows the first commands, with the name that the client used', async () => {
  const answer = await registry.request('GET', '/', { as: undefined });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await answer.text()).toContain(`helm push my-chart-1.0.0.tgz oci://${HOST}/team --plain-http`);
  expect(await (await named.request('GET', '/', { as: undefined })).text()).toContain(
    'oci://charts.example.com/team\n',
  );
});
