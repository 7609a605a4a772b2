// Every operation of the management API, once, in the order of a first day: each answer is held against the document.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] };
const PULL = { namespace: 'team', charts: 'web*', actions: ['pull'] };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TIME = expect.stringMatching(ISO);
const SECRET = expect.stringMatching(/^chr_[0-9A-Za-z]{38}$/);
const ID = expect.stringMatching(/^[0-9a-f-]{36}$/);

const ANN = {
  name: 'ann',
  administrator: false,
  disabled: false,
  login: 'password',
  createdAt: TIME,
  lastLoginAt: null,
};
const OPS = { name: 'ops', externalName: null, administrator: false, createdAt: TIME };
const ISSUED = {
  id: expect.stringMatching(/^[0-9A-Za-z]{8}$/),
  createdAt: TIME,
  ...{ expiresAt: null, revokedAt: null, lastUsedAt: null, lastUsedAddress: null, lastUsedAgent: null },
};
const CI = {
  ...{ name: 'ci', namespace: 'team', description: 'the pipeline', disabled: false, createdBy: 'admin' },
  scopes: [{ namespace: 'team', charts: '*', actions: ['pull', 'push'] }],
  ...{ expiresAt: TIME, createdAt: TIME, secrets: [ISSUED] },
};
const LAPTOP = {
  ...{ id: ID, user: 'admin', name: 'laptop', scopes: [PULL], management: false },
  ...{ expiresAt: TIME, createdAt: TIME, secrets: [ISSUED] },
};
const RULE = {
  ...{ name: 'cluster', issuer: 'https://cluster.example.com', audience: 'charts.example.com' },
  ...{ claims: { sub: 'system:serviceaccount:flux-system:*' }, keys: KEYS, namespace: 'team', role: 'reader' },
};

/** Values that later paths need, by the name that stands for them there. */
const found = new Map<string, string>();
const secrets: string[] = [];

interface Step {
  readonly operation: string;
  /** `METHOD /path`, with `<name>` where a found value belongs */
  readonly request: string;
  readonly body?: unknown;
  readonly status: number;
  readonly answer?: unknown;
  readonly location?: string;
  readonly find?: (answer: never) => Readonly<Record<string, string>>;
}

const STEPS: readonly Step[] = [
  { operation: 'getOpenApi', request: 'GET /openapi.json', status: 200 },
  {
    ...{ operation: 'getSelf', request: 'GET /whoami', status: 200 },
    answer: { kind: 'user', name: 'admin', credential: 'password', administrator: true, management: true },
  },
  {
    ...{ operation: 'addUser', request: 'POST /users', status: 201, location: '/api/v1/users/ann' },
    ...{ body: { name: 'ann', password: 'ann-password' }, answer: ANN },
  },
  {
    ...{ operation: 'listUsers', request: 'GET /users', status: 200 },
    answer: {
      items: [{ ...ANN, name: 'admin', administrator: true, lastLoginAt: expect.toBeOneOf([null, TIME]) }, ANN],
    },
  },
  { operation: 'getUser', request: 'GET /users/ann', status: 200, answer: ANN },
  {
    ...{ operation: 'changeUser', request: 'PATCH /users/ann', status: 200 },
    ...{ body: { administrator: true, disabled: true }, answer: { ...ANN, administrator: true, disabled: true } },
  },
  {
    ...{ operation: 'changePassword', request: 'PUT /users/ann/password', status: 204 },
    body: { password: 'another-password' },
  },
  {
    ...{ operation: 'addGroup', request: 'POST /groups', status: 201, location: '/api/v1/groups/ops' },
    ...{ body: { name: 'ops' }, answer: OPS },
  },
  { operation: 'listGroups', request: 'GET /groups', status: 200, answer: { items: [OPS] } },
  {
    ...{ operation: 'changeGroup', request: 'PATCH /groups/ops', status: 200 },
    ...{ body: { externalName: 'CN=Ops,DC=example' }, answer: { ...OPS, externalName: 'CN=Ops,DC=example' } },
  },
  {
    ...{ operation: 'getGroup', request: 'GET /groups/ops', status: 200 },
    answer: { ...OPS, externalName: 'CN=Ops,DC=example' },
  },
  { operation: 'addMember', request: 'PUT /groups/ops/members/ann', status: 204 },
  {
    ...{ operation: 'listMembers', request: 'GET /groups/ops/members', status: 200 },
    answer: { items: [{ user: 'ann', source: 'local' }] },
  },
  { operation: 'removeMember', request: 'DELETE /groups/ops/members/ann', status: 204 },
  {
    ...{ operation: 'putGrant', request: 'PUT /grants', status: 200 },
    body: { user: 'ann', namespace: '/', role: 'writer' },
    answer: { user: 'ann', namespace: '/', role: 'writer' },
  },
  {
    ...{ operation: 'putGrant', request: 'PUT /grants', status: 200 },
    body: { group: 'ops', namespace: '/team/charts/', role: 'maintainer' },
    answer: { group: 'ops', namespace: 'team/charts', role: 'maintainer' },
  },
  {
    ...{ operation: 'listGrants', request: 'GET /grants', status: 200 },
    answer: {
      items: [
        { user: 'ann', namespace: '/', role: 'writer' },
        { group: 'ops', namespace: 'team/charts', role: 'maintainer' },
      ],
    },
  },
  { operation: 'removeGrant', request: 'DELETE /grants?user=ann&namespace=/', status: 204 },
  {
    ...{ operation: 'putNamespace', request: 'PUT /namespaces', status: 200 },
    body: { path: 'team', visibility: 'public' },
    answer: { path: 'team', visibility: 'public' },
  },
  {
    ...{ operation: 'listNamespaces', request: 'GET /namespaces', status: 200 },
    answer: {
      items: [
        { path: '/', visibility: 'private' },
        { path: 'team', visibility: 'public' },
      ],
    },
  },
  { operation: 'removeNamespace', request: 'DELETE /namespaces?path=team', status: 204 },
  {
    ...{ operation: 'addRobot', request: 'POST /robots', status: 201, location: '/api/v1/robots/ci' },
    body: {
      ...{ name: 'ci', namespace: 'team', description: 'the pipeline' },
      scopes: [{ namespace: 'team', actions: ['push'] }],
    },
    answer: { robot: CI, secret: SECRET },
    find: ({ robot }: { readonly robot: typeof CI }) => ({ secret: robot.secrets[0]?.id ?? '' }),
  },
  { operation: 'listRobots', request: 'GET /robots', status: 200, answer: { items: [CI] } },
  { operation: 'getRobot', request: 'GET /robots/ci', status: 200, answer: CI },
  {
    ...{ operation: 'changeRobot', request: 'PATCH /robots/ci', status: 200 },
    body: { expiresAt: '2126-01-31T00:00:00+01:00', disabled: true, scopes: [PULL], description: '' },
    answer: { ...CI, expiresAt: '2126-01-30T23:00:00.000Z', disabled: true, scopes: [PULL], description: '' },
  },
  {
    ...{ operation: 'rotateRobot', request: 'POST /robots/ci/rotate', status: 200, body: { overlap: 60 } },
    answer: {
      robot: expect.objectContaining({ secrets: [{ ...ISSUED, expiresAt: TIME }, ISSUED] }),
      secret: SECRET,
    },
  },
  { operation: 'revokeRobotSecret', request: 'DELETE /robots/ci/secrets/<secret>', status: 204 },
  { operation: 'removeRobot', request: 'DELETE /robots/ci', status: 204 },
  {
    ...{ operation: 'addToken', request: 'POST /tokens', status: 201, location: '/api/v1/tokens/<token>' },
    ...{ body: { name: 'laptop', scopes: [PULL] }, answer: { token: LAPTOP, secret: SECRET } },
    find: ({ token }: { readonly token: { readonly id: string } }) => ({ token: token.id }),
  },
  { operation: 'listTokens', request: 'GET /tokens', status: 200, answer: { items: [LAPTOP] } },
  { operation: 'getToken', request: 'GET /tokens/<token>', status: 200, answer: LAPTOP },
  {
    ...{ operation: 'rotateToken', request: 'POST /tokens/<token>/rotate', status: 200, body: {} },
    answer: { token: { ...LAPTOP, secrets: [{ ...ISSUED, expiresAt: TIME }, ISSUED] }, secret: SECRET },
  },
  { operation: 'removeToken', request: 'DELETE /tokens/<token>', status: 204 },
  {
    ...{ operation: 'addTrustRule', request: 'POST /trust-rules', status: 201 },
    location: '/api/v1/trust-rules/cluster',
    ...{ body: RULE, answer: { ...RULE, disabled: false, createdAt: TIME } },
  },
  {
    ...{ operation: 'listTrustRules', request: 'GET /trust-rules', status: 200 },
    answer: { items: [{ ...RULE, disabled: false, createdAt: TIME }] },
  },
  {
    ...{ operation: 'changeTrustRule', request: 'PATCH /trust-rules/cluster', status: 200 },
    body: { keys: null, namespace: '/', disabled: true },
    answer: { ...RULE, keys: null, namespace: '/', disabled: true, createdAt: TIME },
  },
  {
    ...{ operation: 'getTrustRule', request: 'GET /trust-rules/cluster', status: 200 },
    answer: { ...RULE, keys: null, namespace: '/', disabled: true, createdAt: TIME },
  },
  { operation: 'removeTrustRule', request: 'DELETE /trust-rules/cluster', status: 204 },
  { operation: 'listEvents', request: 'GET /audit?limit=1000', status: 200 },
  { operation: 'exportEvents', request: 'GET /audit/export', status: 200 },
  { operation: 'removeGroup', request: 'DELETE /groups/ops', status: 204 },
  { operation: 'removeUser', request: 'DELETE /users/ann', status: 204 },
];

describe('on a first day', () => {
  test.each(STEPS)('$operation: $request', async ({ operation, request, body, status, answer, location, find }) => {
    const [method = '', path = ''] = request.split(' ');
    api.exercised.clear();
    const received = await api.send(method, filled(path), body === undefined ? {} : { body });
    expect([received.status, received.text]).toEqual([status, expect.any(String)]);
    expect([...api.exercised]).toEqual([operation]);
    if (answer !== undefined) expect(received.body).toEqual(answer);
    for (const [name, value] of Object.entries(find?.(received.body as never) ?? {})) found.set(name, value);
    expect(received.headers.get('location')).toBe(location === undefined ? null : filled(location));
    if (typeof received.body?.secret === 'string') secrets.push(received.body.secret);
    // What was shown once is nowhere from then on.
    else for (const secret of secrets) expect(received.text).not.toContain(secret.slice(12));
  });

  test('every operation that the document has was used', () => {
    const ids = api.operations.map(({ operationId }) => operationId);
    expect([...new Set(STEPS.map(({ operation }) => operation))].toSorted()).toEqual(ids.toSorted());
  });

  test('four secrets were shown, and each only once', () => {
    expect(new Set(secrets).size).toBe(4);
  });
});

test('each change is in the audit trail once: who, with what, from where, and never a secret', async () => {
  const events = await api.all('/audit?actor=admin&outcome=allowed');
  const changes = events.filter(({ kind }) => !String(kind).startsWith('login.')).toReversed();
  expect(changes.map(({ kind }) => kind)).toEqual([
    ...['user.added', 'user.changed', 'user.password-changed'],
    ...['group.added', 'group.changed', 'group.member-added', 'group.member-removed'],
    ...['grant.added', 'grant.added', 'grant.removed', 'namespace.changed', 'namespace.removed'],
    ...['robot.added', 'robot.changed', 'robot.rotated', 'robot.secret-revoked', 'robot.removed'],
    ...['token.added', 'token.rotated', 'token.removed'],
    ...['trust-rule.added', 'trust-rule.changed', 'trust-rule.removed', 'group.removed', 'user.removed'],
  ]);
  for (const event of changes) {
    expect(event).toMatchObject({
      ...{ actor: 'admin', actorKind: 'user', credential: 'password', outcome: 'allowed' },
      ...{ clientAddress: '127.0.0.1', userAgent: 'node', repository: '', tag: null, digest: null },
    });
    expect(JSON.stringify(event)).not.toMatch(/another-password|ann-password|"password":/);
    for (const secret of secrets) expect(JSON.stringify(event)).not.toContain(secret.slice(12));
  }
});

function filled(path: string): string {
  return path.replaceAll(/<(\w+)>/g, (_, name: string) => found.get(name) ?? 'nothing-was-found');
}
