// Who may use the management API for what, with every kind of credential.
import { afterAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { AUTHOR } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { tokenFor } from '../support/members.ts';
import { openApi } from './support/api.ts';
import { addRobot, addToken, addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const API_SCOPE = 'api:v1:*';
const ann = await addUser(registry, 'ann', { team: 'maintainer' });
const bob = await addUser(registry, 'bob', { elsewhere: 'maintainer', team: 'writer' });
const ci = await addRobot(registry, 'ci', 'team');
const annToken = await addToken(registry, 'ann');
const pullToken = await addToken(registry, 'ann', { name: 'pull', management: false });
const adminToken = await addToken(registry, 'admin');
const other = await addUser(registry, 'other', {}, true);
const OPS = { name: 'ops', externalName: null, administrator: true };
await registry.accounts.groups.add(OPS, AUTHOR);
await addUser(registry, 'cleo');
await registry.accounts.groups.addMember('ops', 'cleo', AUTHOR);

/** Statuses of reading what is for: any credential, managers, administrators. */
const CALLERS: readonly (readonly [who: string, as: () => Promise<string | undefined>, statuses: number[]])[] = [
  ['nobody', async () => undefined, [401, 401, 401]],
  ['nobody, with a token for the API', () => tokenFor(registry, undefined, API_SCOPE), [401, 401, 401]],
  ['a wrong password', async () => 'ann:wrong-password', [401, 401, 401]],
  ['an unknown user', async () => 'nobody:ann-password', [401, 401, 401]],
  ['nonsense', async () => 'Bearer nonsense', [401, 401, 401]],
  ['a robot', async () => ci, [200, 403, 403]],
  ['a token of a robot, for the API', () => tokenFor(registry, `any:${ci.slice(7)}`, API_SCOPE), [200, 403, 403]],
  ['a personal token that is not for management', async () => pullToken.as, [200, 403, 403]],
  ['the same as a password', async () => `any:${pullToken.secret}`, [200, 403, 403]],
  ['a password', async () => ann, [200, 200, 403]],
  ['a personal token for management', async () => annToken.as, [200, 200, 403]],
  ['the same as a password, with any name', async () => `any:${annToken.secret}`, [200, 200, 403]],
  ['a token for the API', () => tokenFor(registry, ann, API_SCOPE), [200, 200, 403]],
  [
    'a token for the API and more',
    () => tokenFor(registry, ann, 'repository:team/web:pull', API_SCOPE),
    [200, 200, 403],
  ],
  ['a token without scope', () => tokenFor(registry, ann), [401, 401, 401]],
  ['a token for a repository', () => tokenFor(registry, ann, 'repository:team/web:pull'), [401, 401, 401]],
  ['a token for the catalog', () => tokenFor(registry, ADMIN, 'registry:catalog:*'), [401, 401, 401]],
  ['an administrator', async () => ADMIN, [200, 200, 200]],
  ['another administrator', async () => other, [200, 200, 200]],
  ['an administrator by a group', async () => 'cleo:cleo-password', [200, 200, 200]],
  ['a personal token of an administrator', async () => adminToken.as, [200, 200, 200]],
  ['a token for the API of an administrator', () => tokenFor(registry, ADMIN, API_SCOPE), [200, 200, 200]],
];

test.each(CALLERS)('%s may do what it is good for', async (_who, credential, expected) => {
  const as = await credential();
  const statuses = await Promise.all(
    ['/whoami', '/robots', '/users'].map(async (path) => (await api.send('GET', path, { as })).status),
  );
  expect(statuses).toEqual(expected);
});

const CHALLENGE = new RegExp(
  `^Bearer realm="${registry.url}/token",service="${registry.url.slice('http://'.length)}",scope="api:v1:\\*"`,
);

describe('a 401', () => {
  test.each(CALLERS.filter(([, , [status]]) => status === 401))(
    'for %s asks for a bearer token, once, and never for Basic, which browsers would ask for and keep',
    async (_who, credential) => {
      const { headers } = await api.send('GET', '/users', { as: await credential() });
      const challenge = headers.get('www-authenticate') ?? '';
      expect(challenge).toMatch(CHALLENGE);
      expect(challenge.match(/realm=/g)).toHaveLength(1);
      expect(challenge).not.toMatch(/basic/i);
    },
  );

  test('says what is missing in a token that is good for something else', async () => {
    const as = await tokenFor(registry, ADMIN, 'repository:team/web:pull');
    const answer = await api.send('GET', '/users', { as });
    expect(answer.headers.get('www-authenticate')).toMatch(/,error="insufficient_scope"$/);
    expect(answer.body).toEqual({
      type: 'urn:chartroom:problem:unauthorized',
      title: 'Unauthorized',
      status: 401,
      detail: 'the token does not cover the management API: ask for one with scope api:v1:*',
    });
  });

  test('says why a credential does not count', async () => {
    expect(await api.refusal(401, 'GET', '/whoami', { as: 'ann:wrong-password' })).toMatch(
      /^wrong user name or password/,
    );
    expect(await api.refusal(401, 'GET', '/whoami', { as: undefined })).toMatch(/^nobody is logged in: send/);
    const gone = await addToken(registry, 'ann', { name: 'gone' });
    await api.send('DELETE', `/tokens/${gone.id}`);
    const answer = await api.send('GET', '/whoami', { as: gone.as });
    expect(answer.body.detail).toMatch(/^token chr_\w{8}… is not known here, or was removed/);
    expect(answer.headers.get('www-authenticate')).toMatch(/,error="invalid_token"$/);
  });

  test('becomes a 429 for whoever guesses passwords, with when to try again', async () => {
    const clock = new TestClock('2026-11-23T09:00:00Z');
    await using own = await startRegistry({}, clock);
    const guarded = await openApi(own);
    for (const number of [1, 2, 3, 4, 5]) {
      expect((await guarded.send('GET', '/whoami', { as: `admin:guess-${number}` })).status).toBe(401);
    }
    const answer = await guarded.send('GET', '/whoami', { as: 'admin:guess-6' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(answer.body).toEqual({
      ...{ type: 'urn:chartroom:problem:too-many-requests', title: 'Too Many Requests', status: 429 },
      detail: 'too many wrong passwords: wait 1 second, then try again',
    });
  });

  test('is what every operation answers nobody, but the document and lists of what everybody may read', async () => {
    const lists = ['listCharts', 'listChartNamespaces'];
    for (const { method, path, operationId, security, tags, parameters, requestBody } of api.operations) {
      const { status } = await api.send(method, path.replaceAll(/\{\w+\}/g, 'x'), { as: undefined });
      const isOpen = security?.length === 0 || lists.includes(operationId);
      // Of what is asked about a chart, what is missing is said first, whoever asks.
      const isMissing = requestBody !== undefined || parameters.some((each) => each.in === 'query' && each.required);
      const expected = isOpen ? 200 : tags.includes('charts') && isMissing ? 400 : 401;
      expect([operationId, status]).toEqual([operationId, expected]);
    }
  });
});

describe('a 403 says who, what, why and what to do', () => {
  test('to a robot', async () => {
    expect(await api.refusal(403, 'GET', '/robots', { as: ci })).toBe(
      'robot ci may not use the management API, which is for people: log in with a user name and password',
    );
  });

  test('to a personal token that is not for management', async () => {
    expect(await api.refusal(403, 'GET', '/robots', { as: pullToken.as })).toMatch(
      /^the token chr_\w{8}… of ann is not good for the management API: use the password, or a token that "chartroom token add --management" makes$/,
    );
  });

  test('to whoever is no administrator', async () => {
    expect(await api.refusal(403, 'GET', '/users', { as: ann })).toBe(
      'GET /api/v1/users is for administrators, and ann is none: log in as one, or ask one to run "chartroom user set ann --administrator true"',
    );
  });

  test('to whoever is no maintainer', async () => {
    const body = { path: 'elsewhere', visibility: 'public' };
    expect(await api.refusal(403, 'PUT', '/namespaces', { as: ann, body })).toBe(
      'ann is not maintainer of elsewhere: ask an administrator to run "chartroom grant add ann maintainer elsewhere"',
    );
  });

  test('and is in the audit trail', async () => {
    await api.send('DELETE', '/users/bob', { as: ann });
    await eventually(async () =>
      (await api.all('/audit?kind=access.refused&actor=ann')).map(({ detail }) => detail),
    ).toContainEqual({ reason: expect.stringMatching(/^DELETE \/api\/v1\/users\/:name is for administrators/) });
  });
});

describe('nobody learns from a refusal what there is', () => {
  const ADMINISTRATORS_ALONE = [
    ['GET', '/users/NAME'],
    ['PATCH', '/users/NAME', { disabled: true }],
    ['DELETE', '/users/NAME'],
    ['PUT', '/users/NAME/password', { password: 'another-password' }],
    ['GET', '/groups/NAME'],
    ['DELETE', '/groups/NAME'],
    ['PUT', '/groups/NAME/members/ann'],
    ['GET', '/trust-rules/NAME'],
    ['GET', '/grants?user=NAME'],
    ['GET', '/tokens?user=NAME'],
    ['DELETE', '/grants?user=NAME&namespace=team'],
  ] as const;

  test.each(ADMINISTRATORS_ALONE)('who is no administrator: %s %s', async (method, path, body = undefined) => {
    // "ops" is a group, "bob" a user, and "nil" neither.
    const answers = await Promise.all(
      ['bob', 'ops', 'nil'].map(async (name) => {
        const sent = { as: ann, ...(body === undefined ? {} : { body }) };
        const { status, text } = await api.send(method, path.replace('NAME', name), sent);
        return [status, text.replaceAll(name, 'NAME')];
      }),
    );
    expect(answers[0]?.[0]).toBe(403);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  const ROBOT_OPERATIONS = [
    ['GET', '/robots/NAME'],
    ['PATCH', '/robots/NAME', { disabled: true }],
    ['DELETE', '/robots/NAME'],
    ['POST', '/robots/NAME/rotate', {}],
    ['DELETE', '/robots/NAME/secrets/abcdefgh'],
  ] as const;

  test.each(ROBOT_OPERATIONS)('who does not maintain a robot: %s %s', async (method, path, body = undefined) => {
    const sent = { as: bob, ...(body === undefined ? {} : { body }) };
    const [hidden, missing] = await Promise.all(
      ['ci', 'cx'].map(async (name) => {
        const { status, text } = await api.send(method, path.replace('NAME', name), sent);
        return [status, text.replaceAll(name, 'NAME')];
      }),
    );
    expect(hidden?.[0]).toBe(404);
    expect(missing).toEqual(hidden);
  });

  const TOKEN_OPERATIONS = [
    ['GET', '/tokens/ID'],
    ['DELETE', '/tokens/ID'],
    ['POST', '/tokens/ID/rotate', {}],
  ] as const;

  test.each(TOKEN_OPERATIONS)('whose token it is not: %s %s', async (method, path, body = undefined) => {
    const sent = { as: bob, ...(body === undefined ? {} : { body }) };
    const absent = annToken.id.replaceAll(/\w/g, '0');
    const [hidden, missing] = await Promise.all(
      [annToken.id, absent].map(async (id) => {
        const { status, text } = await api.send(method, path.replace('ID', id), sent);
        return [status, text.replaceAll(id, 'ID')];
      }),
    );
    expect(hidden?.[0]).toBe(404);
    expect(missing).toEqual(hidden);
  });
});

test('rights are those of the moment', async () => {
  const dan = await addUser(registry, 'dan');
  const mayListUsers = async () => (await api.send('GET', '/users', { as: dan })).status;
  expect(await mayListUsers()).toBe(403);
  await api.send('PATCH', '/users/dan', { body: { administrator: true } });
  expect(await mayListUsers()).toBe(200);
  await api.send('PATCH', '/users/dan', { body: { administrator: false } });
  expect(await mayListUsers()).toBe(403);
  await api.send('PATCH', '/users/dan', { body: { disabled: true } });
  expect(await mayListUsers()).toBe(401);
});

describe('who asks who it is', () => {
  test.each([
    ['a password', ann, { kind: 'user', name: 'ann', credential: 'password', administrator: false, management: true }],
    ['a robot', ci, { kind: 'robot', name: 'ci', administrator: false, management: false }],
    ['a personal token', annToken.as, { kind: 'user', name: 'ann', administrator: false, management: true }],
    ['one for pulling', pullToken.as, { kind: 'user', name: 'ann', administrator: false, management: false }],
    ['an administrator', ADMIN, { kind: 'user', name: 'admin', administrator: true, management: true }],
  ])('with %s is told', async (_credential, as, expected) => {
    expect((await api.send('GET', '/whoami', { as })).body).toMatchObject(expected);
  });

  test('is told which token was shown, and not the token', async () => {
    const { body, text } = await api.send('GET', '/whoami', { as: annToken.as });
    expect(body.credential).toBe(`token ${annToken.secret.slice(0, 12)}…`);
    expect(text).not.toContain(annToken.secret.slice(12));
  });
});
