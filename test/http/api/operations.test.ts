// Every operation of the management API, once, in the order of a first day: each answer is held against the document.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushChart } from '../../support/artifacts.ts';
import { AUTHOR } from '../../support/manager.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { startUpload } from '../support/uploads.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

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

const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
const REFERENCE = {
  ...{ version: '1.1.0', tag: '1.1.0', digest: DIGEST, contentDigest: DIGEST, createdAt: TIME, createdBy: 'publisher' },
  ...{ prerelease: false, deprecated: false, yanked: false, notice: null, signed: false, size: expect.any(Number) },
  appVersion: null,
};
const JOB = {
  ...{ id: ID, kind: 'collect-garbage', options: { dryRun: true, gracePeriod: 60_000 }, problem: '' },
  ...{ requestedBy: 'admin', startedAt: TIME },
};
const NOTICE = { createdAt: TIME, createdBy: 'admin' };
const CLAIM = {
  repositoryID: '4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b',
  owners: [{ name: 'Ann', email: 'ann@example.com' }],
};
const LOCK = 'dependencies:\n- name: web\n  version: 1.0.0\n  repository: https://charts.example.com\n';
const WEB = '/charts/team/web';

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
    body: { path: 'team', visibility: 'public', floatingTags: true, artifactHub: CLAIM },
    answer: { path: 'team', visibility: 'public', floatingTags: true, artifactHub: CLAIM },
  },
  {
    ...{ operation: 'listNamespaces', request: 'GET /namespaces', status: 200 },
    answer: {
      items: [
        { path: '/', visibility: 'private', floatingTags: false, artifactHub: null },
        { path: 'team', visibility: 'public', floatingTags: true, artifactHub: CLAIM },
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
  {
    ...{ operation: 'listCharts', request: 'GET /charts?namespace=team', status: 200 },
    answer: {
      items: [expect.objectContaining({ chart: 'team/web', namespace: 'team', version: '1.1.0', versions: 2 })],
    },
  },
  {
    ...{ operation: 'listChartNamespaces', request: 'GET /charts/-/namespaces', status: 200 },
    answer: { items: [{ path: 'team', charts: 1 }] },
  },
  {
    ...{ operation: 'getChart', request: `GET ${WEB}`, status: 200 },
    answer: expect.objectContaining({ chart: 'team/web', newest: REFERENCE }),
  },
  {
    ...{ operation: 'listVersions', request: `GET ${WEB}/-/versions?limit=1`, status: 200 },
    answer: {
      items: [{ ...REFERENCE, pulls: 0, floatingTags: [] }],
      next: expect.stringContaining(`${WEB}/-/versions?`),
    },
  },
  {
    ...{ operation: 'getVersion', request: `GET ${WEB}/-/versions/1.1.0`, status: 200 },
    answer: expect.objectContaining({ ...REFERENCE, pulls: 0, fileName: 'web-1.1.0.tgz', contentsProblem: null }),
  },
  {
    ...{ operation: 'listFiles', request: `GET ${WEB}/-/versions/1.1.0/files`, status: 200 },
    answer: {
      items: [
        { path: 'Chart.yaml', size: expect.any(Number), kind: 'metadata' },
        { path: 'values.yaml', size: 12, kind: 'values' },
      ],
    },
  },
  { operation: 'getFile', request: `GET ${WEB}/-/versions/1.1.0/files/values.yaml`, status: 200 },
  {
    ...{ operation: 'listDependencies', request: `GET ${WEB}/-/versions/1.1.0/dependencies`, status: 200 },
    answer: { items: [] },
  },
  {
    ...{ operation: 'resolveRange', request: `GET ${WEB}/-/resolve?range=^1`, status: 200 },
    answer: {
      ...{ chart: 'team/web', range: '^1', ...REFERENCE },
      pinnedReference: expect.stringMatching(/^oci:\/\/127\.0\.0\.1:\d+\/team\/web@sha256:/),
    },
  },
  {
    ...{ operation: 'compareVersions', request: `GET ${WEB}/-/compare?from=1.0.0&to=1.1.0`, status: 200 },
    answer: expect.objectContaining({ from: { name: 'web', version: '1.0.0' }, to: { name: 'web', version: '1.1.0' } }),
  },
  { operation: 'listDependents', request: `GET ${WEB}/-/dependents`, status: 200, answer: { items: [] } },
  {
    ...{ operation: 'getPulls', request: `GET ${WEB}/-/pulls?days=1`, status: 200 },
    answer: {
      chart: 'team/web',
      total: 0,
      days: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), pulls: 0 }],
      versions: [],
    },
  },
  {
    ...{ operation: 'checkLock', request: 'POST /lock-check', status: 200, body: { lock: LOCK } },
    answer: {
      ...{ ok: true, inSync: null, generatedAt: null },
      dependencies: [
        {
          ...{ name: 'web', version: '1.0.0', location: 'https://charts.example.com', place: 'elsewhere', chart: null },
          ...{ found: null, range: null, inRange: null, newerAllowed: null, newer: null },
        },
      ],
    },
  },
  {
    ...{ operation: 'searchCharts', request: 'GET /search?q=web', status: 200 },
    answer: { items: [expect.objectContaining({ chart: 'team/web' })], corrected: false },
  },
  {
    ...{ operation: 'putVersionNotice', request: `PUT ${WEB}/-/versions/1.0.0/notice`, status: 200 },
    body: { kind: 'yanked', reason: 'loses data', replacement: '1.1.0' },
    answer: { ...NOTICE, kind: 'yanked', about: 'version', reason: 'loses data', replacement: '1.1.0' },
  },
  {
    ...{ operation: 'listVersions', request: `GET ${WEB}/-/versions`, status: 200 },
    answer: { items: [{ ...REFERENCE, pulls: 0, floatingTags: [] }] },
  },
  { operation: 'removeVersionNotice', request: `DELETE ${WEB}/-/versions/1.0.0/notice`, status: 204 },
  {
    ...{ operation: 'putChartNotice', request: `PUT ${WEB}/-/notice`, status: 200, body: { kind: 'deprecated' } },
    answer: { ...NOTICE, kind: 'deprecated', about: 'chart', reason: '', replacement: '' },
  },
  { operation: 'removeChartNotice', request: `DELETE ${WEB}/-/notice?kind=deprecated`, status: 204 },
  { operation: 'listEvents', request: 'GET /audit?limit=1000', status: 200 },
  { operation: 'exportEvents', request: 'GET /audit/export', status: 200 },
  {
    ...{ operation: 'startJob', request: 'POST /jobs', status: 202, location: '/api/v1/jobs/<job>' },
    body: { kind: 'collect-garbage', dryRun: true, gracePeriod: 60 },
    answer: { ...JOB, state: 'running', progress: {}, endedAt: null },
    find: ({ id }) => ({ job: id as string }),
  },
  { operation: 'getJob', request: 'GET /jobs/<job>', status: 200 },
  { operation: 'listJobs', request: 'GET /jobs', status: 200 },
  {
    ...{ operation: 'listUploads', request: 'GET /uploads', status: 200 },
    answer: {
      items: [
        { id: ID, repository: 'team/web', createdBy: 'admin', createdAt: TIME, lastReceivedAt: TIME, receivedBytes: 0 },
      ],
    },
    find: ({ items }) => ({ upload: (items[0] as { id: string }).id }),
  },
  { operation: 'endUpload', request: 'DELETE /uploads/<upload>', status: 204 },
  { operation: 'removeGroup', request: 'DELETE /groups/ops', status: 204 },
  { operation: 'removeUser', request: 'DELETE /users/ann', status: 204 },
];

beforeAll(async () => {
  const publisher = await addUser(registry, 'publisher', { team: 'writer' });
  for (const version of ['1.0.0', '1.1.0']) await pushChart(registry, 'team/web', { name: 'web', version }, publisher);
  await registry.accounts.users.remove('publisher', AUTHOR);
  await startUpload(registry, 'team/web');
});

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
    ...['trust-rule.added', 'trust-rule.changed', 'trust-rule.removed'],
    ...['notice.put', 'notice.removed', 'notice.put', 'notice.removed'],
    ...['job.started', 'upload.ended', 'group.removed', 'user.removed'],
  ]);
  for (const event of changes) {
    expect(event).toMatchObject({
      ...{ actor: 'admin', actorKind: 'user', credential: 'password', outcome: 'allowed' },
      ...{ clientAddress: '127.0.0.1', userAgent: 'node', digest: null },
      ...(/^(?:notice|upload)\./.test(String(event.kind)) ? { repository: 'team/web' } : { repository: '', tag: null }),
    });
    expect(JSON.stringify(event)).not.toMatch(/another-password|ann-password|"password":/);
    for (const secret of secrets) expect(JSON.stringify(event)).not.toContain(secret.slice(12));
  }
});

function filled(path: string): string {
  return path.replaceAll(/<(\w+)>/g, (_, name: string) => found.get(name) ?? 'nothing-was-found');
}
