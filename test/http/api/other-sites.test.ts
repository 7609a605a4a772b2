// Pages of other sites, which a browser shows, change nothing: not even when the browser adds a credential by itself.
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { AUTHOR } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { sendRaw } from '../support/raw-request.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const EVE = { name: 'eve', password: 'eve-password', administrator: true };
const FORM = 'name=eve&password=eve-password&administrator=true';
await registry.accounts.groups.add({ name: 'ops', externalName: null, administrator: true }, AUTHOR);
await registry.accounts.users.add({ name: 'ann', password: 'ann-password', administrator: false }, AUTHOR);

async function names(): Promise<readonly unknown[]> {
  const [users, members] = [await api.all('/users'), await api.all('/groups/ops/members')];
  return [...users, ...members].map(({ name, user }) => name ?? user);
}

afterEach(async () => {
  expect(await names()).toEqual(['admin', 'ann']);
});

describe('a request that says it comes from elsewhere is refused', () => {
  const ELSEWHERE: readonly Readonly<Record<string, string>>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'anything' },
    { 'sec-fetch-site': '' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${registry.url}0` },
    { origin: registry.url.replace('http:', 'https:') },
    { origin: registry.url.replace('127.0.0.1', 'localhost') },
    { origin: `${registry.url}.evil.example` },
    { origin: `${registry.url}/` },
    { origin: registry.url, 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ];

  test.each(ELSEWHERE)('%o', async (headers) => {
    for (const [method, path, body] of [
      ['POST', '/users', EVE],
      ['PATCH', '/users/ann', { administrator: true }],
      ['PUT', '/groups/ops/members/ann', undefined],
      ['DELETE', '/users/ann', undefined],
    ] as const) {
      const sent = { headers, ...(body === undefined ? {} : { body }) };
      expect(await api.refusal(403, method, path, sent)).toMatch(/^a page of another site may change nothing here/);
    }
  });

  test('before anybody is asked who they are', async () => {
    const headers = { origin: 'https://evil.example' };
    expect((await api.send('DELETE', '/users/ann', { headers, as: undefined })).status).toBe(403);
  });
});

describe('a request is answered', () => {
  const HERE: readonly Readonly<Record<string, string>>[] = [
    {},
    { origin: registry.url },
    { 'sec-fetch-site': 'same-origin', origin: registry.url },
    { 'sec-fetch-site': 'none' },
  ];

  test.each(HERE)('from a program, from our own page, and from the person: %o', async (headers) => {
    expect((await api.send('POST', '/users', { headers, body: EVE })).status).toBe(201);
    expect((await api.send('DELETE', '/users/eve', { headers })).status).toBe(204);
  });

  test('from anywhere when it only reads, without a header that would let the page see the answer', async () => {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const answer = await api.send('GET', '/users', { headers });
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => /^access-control|^vary$/.test(name))).toEqual([]);
  });
});

test('a browser that asks before it sends is not told that it may', async () => {
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' };
  const answer = await api.send('OPTIONS', '/groups/ops/members/ann', { headers, as: undefined });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'DELETE, PUT']);
});

describe('what a browser sends without asking is not taken, be it JSON or not', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; application/json',
    'text/plain;charset=application/json',
    'text/plain, application/json',
    'application/json-patch+json',
    'application/x-json',
    'application/jsonp',
    'text/json',
    'json',
    '*/*',
    '',
  ])('Content-Type "%s"', async (type) => {
    for (const body of [JSON.stringify(EVE), FORM, '']) {
      const answer = await api.send('POST', '/users', { headers: { 'content-type': type }, body });
      expect([body, answer.status]).toEqual([body, 415]);
      expect(answer.body).toMatchObject({ type: 'urn:chartroom:problem:media-type-unsupported' });
    }
  });

  test('no Content-Type at all, as beacons have none', async () => {
    const body = JSON.stringify(EVE);
    const headers = [`Content-Length: ${body.length}`];
    const answer = await sendRaw(registry.url, { method: 'POST', target: '/api/v1/users', headers, body });
    expect(answer.status).toBe(415);
  });

  test('neither body nor Content-Type', async () => {
    for (const path of [
      '/users',
      '/groups',
      '/robots',
      '/tokens',
      '/trust-rules',
      '/robots/ci/rotate',
      '/tokens/x/rotate',
    ]) {
      expect(await api.refusal(400, 'POST', path)).toBe('the body must be an object');
    }
  });
});

test('a cookie is no credential, and none is given out', async () => {
  const cookie = `authorization=Basic ${Buffer.from(ADMIN).toString('base64')}; session=anything`;
  const answer = await api.send('GET', '/whoami', { as: undefined, headers: { cookie } });
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  expect((await api.send('GET', '/whoami')).headers.get('set-cookie')).toBe(null);
});

test('a credential in the query or in the body is none', async () => {
  expect((await api.send('GET', '/whoami?access_token=x', { as: undefined })).status).toBe(401);
});

test('with a public URL that is where our own page is', async () => {
  await using proxied = await startRegistry({ publicUrl: 'https://charts.example.com/' });
  const behind = await openApi(proxied);
  const add = async (origin: string, name: string) =>
    (await behind.send('POST', '/users', { headers: { origin }, body: { ...EVE, name } })).status;
  expect(await add('https://charts.example.com', 'one')).toBe(201);
  expect(await add('http://charts.example.com', 'two')).toBe(403);
  expect(await add(proxied.url, 'three')).toBe(403);
});
