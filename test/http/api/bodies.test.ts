// What the management API takes as a request, to the letter, and how it says what is wrong.
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { sendRaw } from '../support/raw-request.ts';
import { openApi, type Problem } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const EVE = { name: 'eve', password: 'eve-password' };
const CI = { name: 'ci', namespace: 'team', scopes: [{ namespace: 'team', actions: ['pull'] }] };
const RULE = {
  ...{ name: 'rule', issuer: 'https://issuer.example.com', audience: 'charts' },
  ...{ claims: { sub: 'one' }, namespace: 'team', role: 'reader' },
};

afterEach(async () => {
  for (const path of ['/groups', '/robots', '/tokens', '/trust-rules', '/grants'])
    expect(await api.all(path)).toEqual([]);
  expect(await api.all('/users')).toHaveLength(1);
});

describe('a member', () => {
  test.each([
    ['POST', '/users', { ...EVE, admin: true }, 'the body has what is not known here: "admin"'],
    ['POST', '/users', { ...EVE, Administrator: true }, 'the body has what is not known here: "Administrator"'],
    ['POST', '/users', { ...EVE, a: 1, b: 2 }, 'the body has what is not known here: "a", "b"'],
    ['PATCH', '/users/admin', { disabld: true }, 'the body has what is not known here: "disabld"'],
    ['PATCH', '/users/admin', { name: 'root' }, 'the body has what is not known here: "name"'],
    ['PUT', '/namespaces', { path: '/', visibility: 'public', x: 1 }, 'the body has what is not known here: "x"'],
    [
      ...(['POST', '/robots', { ...CI, scopes: [{ namespace: 'team', actions: ['pull'], chart: 'web' }] }] as const),
      '"scopes/0" in the body has what is not known here: "chart"',
    ],
    ['POST', '/tokens', { name: 'x', scope: [] }, 'the body has what is not known here: "scope"'],
  ])('that is not known is refused: %s %s %o', async (method, path, body, detail) => {
    expect(await api.refusal(400, method, path, { body })).toBe(detail);
  });

  test.each([
    ['POST', '/users', { name: 'eve' }, 'the body needs "password"'],
    ['POST', '/users', {}, 'the body needs "name", "password"'],
    ['PUT', '/grants', { user: 'admin', role: 'reader' }, 'the body needs "namespace"'],
    ['POST', '/robots', { ...CI, scopes: [{ namespace: 'team' }] }, '"scopes/0" in the body needs "actions"'],
    ['PATCH', '/users/admin', {}, 'the body must not have fewer than 1 properties'],
    ['PATCH', '/robots/ci', {}, 'the body must not have fewer than 1 properties'],
  ])('that is needed is named: %s %s %o', async (method, path, body, detail) => {
    expect(await api.refusal(400, method, path, { body })).toBe(detail);
  });

  test.each([
    [{ ...EVE, administrator: 'yes' }, '"administrator" in the body must be true or false'],
    [{ ...EVE, administrator: 'true' }, '"administrator" in the body must be true or false'],
    [{ ...EVE, administrator: 1 }, '"administrator" in the body must be true or false'],
    [{ ...EVE, administrator: null }, '"administrator" in the body must be true or false'],
    [{ ...EVE, administrator: '' }, '"administrator" in the body must be true or false'],
    [{ ...EVE, name: 5 }, '"name" in the body must be a text'],
    [{ ...EVE, name: ['eve'] }, '"name" in the body must be a text'],
    [{ ...EVE, name: null }, '"name" in the body must be a text'],
    [{ ...EVE, password: 12345678 }, '"password" in the body must be a text'],
    [[EVE], 'the body must be an object'],
    ['"eve"', 'the body must be an object'],
    ['null', 'the body must be an object'],
    ['', 'the body must be an object'],
  ])('is not made to fit: %o', async (body, detail) => {
    expect(await api.refusal(400, 'POST', '/users', { body })).toBe(detail);
  });

  test.each([
    ['POST', '/robots', { ...CI, scopes: {} }, '"scopes" in the body must be a list'],
    ['POST', '/robots', { ...CI, scopes: [] }, '"scopes" in the body must not have fewer than 1 items'],
    [
      ...(['POST', '/robots', { ...CI, scopes: [{ namespace: 'team', actions: ['pull', 'run'] }] }] as const),
      '"scopes/0/actions/1" in the body must be one of "pull", "push", "delete"',
    ],
    ['POST', '/robots', { ...CI, expiresAt: 5 }, '"expiresAt" in the body must be a text or must be null'],
    [
      ...(['POST', '/robots', { ...CI, expiresAt: '2126-01-31' }] as const),
      '"expiresAt" in the body must be a time such as 2026-11-23T00:00:00Z or must be null',
    ],
    ['POST', '/robots/ci/rotate', { overlap: '60' }, '"overlap" in the body must be a whole number'],
    ['POST', '/robots/ci/rotate', { overlap: 1.5 }, '"overlap" in the body must be a whole number'],
    ['POST', '/robots/ci/rotate', { overlap: -1 }, '"overlap" in the body must be >= 0'],
    ['POST', '/trust-rules', { ...RULE, claims: { sub: 5 } }, '"claims/sub" in the body must be a text'],
    [
      'POST',
      '/trust-rules',
      { ...RULE, role: 'owner' },
      '"role" in the body must be one of "reader", "writer", "maintainer"',
    ],
    [
      'PUT',
      '/namespaces',
      { path: 'team', visibility: 'open' },
      '"visibility" in the body must be one of "public", "private" or must be null',
    ],
  ])('of the wrong kind is named: %s %s %o', async (method, path, body, detail) => {
    expect(await api.refusal(400, method, path, { body })).toBe(detail);
  });
});

describe('a query', () => {
  test.each([
    ['/users?limit=0', '"limit" in the query must be >= 1'],
    ['/users?limit=1001', '"limit" in the query must be <= 1000'],
    ['/users?limit=-1', '"limit" in the query must be a whole number'],
    ['/users?limit=1.5', '"limit" in the query must be a whole number'],
    ['/users?limit=true', '"limit" in the query must be a whole number'],
    ['/users?limit=', '"limit" in the query must be a whole number'],
    ['/users?limit=1e2', '"limit" in the query must be a whole number'],
    ['/users?limit=1&limit=2', '"limit" in the query must be a whole number'],
    ['/users?name=ann', 'the query has what is not known here: "name"'],
    ['/whoami?x', 'the query has what is not known here: "x"'],
    ['/audit?actr=ann', 'the query has what is not known here: "actr"'],
    ['/audit?outcome=denied', '"outcome" in the query must be one of "allowed", "refused"'],
    ['/audit?from=yesterday', '"from" in the query must be a time such as 2026-11-23T00:00:00Z'],
    ['/audit?from=2016-12-31T23:59:60Z', '"2016-12-31T23:59:60Z" is no time that can be kept'],
    ['/audit?actor=%00', '"actor" in the query must not have control characters'],
    ['/grants?user=', '"user" in the query must not have fewer than 1 characters'],
    ['/grants?user=ann&user=bob', '"user" in the query must be a text'],
    ['/grants?user=ann&group=ops', 'name either a "user" or a "group"'],
    ['/grants?namespace=Team', '"Team" is not a path: write it like "team" or "team/charts", or "/" for everything'],
  ])('is as strict: %s', async (path, detail) => {
    expect(await api.refusal(400, 'GET', path)).toBe(detail);
  });

  test('that names what to delete must name it', async () => {
    expect(await api.refusal(400, 'DELETE', '/grants?namespace=team')).toBe('name either a "user" or a "group"');
    expect(await api.refusal(400, 'DELETE', '/grants?user=ann')).toBe('the query needs "namespace"');
    expect(await api.refusal(400, 'DELETE', '/namespaces')).toBe('the query needs "path"');
  });
});

describe('names', () => {
  const HOSTILE = [
    ...['../admin', 'a/b', 'a b', 'Ann', 'ann ', '-ann', 'ann--', 'ann"', "ann'; drop table users", 'ännchen', '<b>'],
    ...['$(id)', '`id`', '%s', '\u202eann', 'ann\ud800', '__proto__', 'а', '😀', '*', '.', '..'],
  ];

  test.each(HOSTILE)('that cannot be one are refused, in one line: %j', async (name) => {
    const rule = { ...RULE, name };
    for (const [path, body] of [
      ['/users', { ...EVE, name }],
      ['/groups', { name }],
      ['/robots', { ...CI, name }],
      ['/trust-rules', rule],
    ] as const) {
      expect(await api.refusal(400, 'POST', path, { body })).toMatch(/^[^\n]+ is not a (?:user|group|robot|rule)/);
    }
  });

  test.each(['a\u0000', 'a\n', 'a\u007f', 'a\u0085', ''])(
    'with control characters get no further: %j',
    async (name) => {
      expect((await api.send('POST', '/users', { body: { ...EVE, name } })).status).toBe(400);
      expect((await api.send('GET', `/users/${encodeURIComponent(name)}`)).status).toBe(400);
    },
  );

  test.each(HOSTILE.filter((name) => name.isWellFormed() && !/^\.+$/.test(name)))(
    'in an address are looked for, and not found: %j',
    async (name) => {
      expect((await api.send('GET', `/users/${encodeURIComponent(name)}`)).status).toBe(404);
      expect((await api.send('DELETE', `/robots/${encodeURIComponent(name)}`)).status).toBe(404);
    },
  );

  test('that are too long are refused', async () => {
    const name = 'a'.repeat(65);
    expect(await api.refusal(400, 'POST', '/users', { body: { ...EVE, name } })).toBe(
      '"name" in the body must not have more than 64 characters',
    );
    expect((await api.send('GET', `/users/${name}`)).status).toBe(400);
    expect((await api.send('GET', `/users/${'a'.repeat(10_000)}`)).status).toBe(400);
  });

  test('are what is an object’s own already, and are names all the same', async () => {
    expect((await api.send('POST', '/users', { body: { ...EVE, name: 'constructor' } })).status).toBe(201);
    expect((await api.send('GET', '/users/constructor')).body).toMatchObject({ name: 'constructor' });
    expect((await api.send('DELETE', '/users/constructor')).status).toBe(204);
  });
});

describe('a body', () => {
  test.each(['{', '{"name":"eve","password":"eve-password"', 'name=eve', '{"a":1}}', "{'a':1}", '\u0000', '{"a":NaN}'])(
    'that is not JSON is refused, without a word of it: %j',
    async (body) => {
      expect(await api.refusal(400, 'POST', '/users', { body })).toBe(
        'the body is not JSON, or has a member "__proto__" or "constructor"',
      );
    },
  );

  test('cannot reach what objects inherit', async () => {
    for (const body of [
      '{"name":"eve","password":"eve-password","__proto__":{"administrator":true}}',
      '{"name":"eve","password":"eve-password","constructor":{"prototype":{"administrator":true}}}',
    ]) {
      expect(await api.refusal(400, 'POST', '/users', { body })).toMatch(/^the body is not JSON, or has a member/);
    }
  });

  test('may be 64 KiB, and no more', async () => {
    const padded = (length: number) => JSON.stringify({ name: 'eve', password: '' }).padEnd(length);
    expect((await api.send('POST', '/users', { body: padded(65_536) })).status).toBe(400);
    const answer = await api.send<Problem>('POST', '/users', { body: padded(65_537) });
    expect([answer.status, answer.body.detail]).toEqual([413, 'the body is too large: here it may have 64 KiB']);
  });

  test('that ends too early is refused', async () => {
    const answer = await sendRaw(registry.url, {
      method: 'POST',
      target: '/api/v1/users',
      headers: ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
      body: '5\r\n{"nam\r\n0\r\n\r\n',
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  });

  test('is refused where none is taken', async () => {
    expect(await api.refusal(400, 'DELETE', '/users/eve', { body: {} })).toBe(
      'DELETE /api/v1/users/:name takes no body',
    );
    expect(await api.refusal(400, 'PUT', '/groups/ops/members/eve', { body: { x: 1 } })).toMatch(/takes no body$/);
  });

  test('may have a type and be empty where none is taken', async () => {
    expect((await api.send('DELETE', '/users/eve', { body: '' })).status).toBe(404);
  });

  test('may say that it is UTF-8', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await api.send('PUT', '/namespaces', { headers, body: '{"path":"t","visibility":"public"}' })).status).toBe(
      200,
    );
  });
});

test('a refusal never repeats a password', async () => {
  for (const body of [
    { ...EVE, password: 'short-1' },
    { ...EVE, password: `${'long-1'.repeat(200)}` },
    { ...EVE, password: ['secret-1-in-a-list'] },
    { ...EVE, password: 'secret-1-password', administrator: 'secret-1' },
    `{"name":"eve","password":"secret-1-password" x`,
  ]) {
    const { status, text } = await api.send('POST', '/users', { body });
    expect([status, text]).toEqual([400, expect.not.stringMatching(/-1/)]);
  }
});

describe('what is not there', () => {
  test.each([
    ['GET', '/nothing', 404, null],
    ['GET', '/users/ann/nothing', 404, null],
    ['POST', '/whoami', 405, 'GET'],
    ['PUT', '/users', 405, 'GET, POST'],
    ['POST', '/users/ann', 405, 'DELETE, GET, PATCH'],
    ['HEAD', '/robots/ci/rotate', 405, 'POST'],
  ])('is a problem too: %s %s', async (method, path, status, allow) => {
    const answer = await registry.request(method, `/api/v1${path}`, { as: undefined });
    expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test.each(['/api', '/api/', '/api/v2/users'])('outside of the version as well: %s', async (path) => {
    const answer = await registry.request('GET', path);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        type: 'urn:chartroom:problem:not-found',
        title: 'Not Found',
        status: 404,
        detail: `there is nothing at GET ${path}`,
      },
    ]);
  });

  test('an address that is none', async () => {
    const answer = await registry.request('GET', '/api/v1/users/%zz');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  });

  test('elsewhere is told as clients of a registry expect it', async () => {
    const answer = await registry.request('GET', '/apis');
    expect(await answer.json()).toEqual({
      errors: [{ code: 'UNSUPPORTED', message: 'there is nothing at GET /apis' }],
    });
  });
});
