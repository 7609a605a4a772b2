// Who gets what from every route: the one table to look into, and no route is missing from it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../src/access/roles.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { pushChart } from '../support/artifacts.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { addMember } from './support/members.ts';

/*
 * nobody: no credential · wrong: a wrong password · gone: a disabled user · stranger: a user without any role
 * reader, writer, maint: users with that role on "private" and "public" · admin: an administrator
 * puller, pusher, deleter: robots with that one action there · laptop: the maintainer's personal token, to pull only
 * desk: the maintainer's personal token for the management API · job: by an identity token and a rule that makes it writer
 *
 * "ok" stands for what the route answers when nothing stands in the way, 200 or what the request below deserves.
 */
const TABLE = `
                 nobody wrong gone stranger reader writer maint admin puller pusher deleter laptop desk job
everybody        ok     ok    ok   ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
browse           ok     401   401  ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
login            401    401   401  ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
pull public      ok     ok    ok   ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
list public      ok     ok    ok   ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
push public      401    401   401  403      403    ok     ok    ok    403    ok     403     403    ok   ok
delete public    401    401   401  403      403    403    ok    ok    403    403    ok      403    ok   403
pull private     401    401   401  404      ok     ok     ok    ok    ok     ok     404     ok     ok   ok
list private     401    401   401  404      ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
push private     401    401   401  403      403    ok     ok    ok    403    ok     403     403    ok   ok
delete private   401    401   401  403      403    403    ok    ok    403    403    ok      403    ok   403
pull elsewhere   401    401   401  404      404    404    404   ok    404    404    404     404    404  404
list elsewhere   401    401   401  404      404    404    404   ok    404    404    404     404    404  404
claim public     ok     ok    ok   ok       ok     ok     ok    ok    ok     ok     ok      ok     ok   ok
claim private    404    404   404  404      ok     ok     ok    ok    ok     ok     404     ok     ok   ok
manage           401    401   401  ok       ok     ok     ok    ok    403    403    403     403    ok   403
manage private   401    401   401  403      403    403    ok    ok    403    403    403     403    ok   403
a robot of it    401    401   401  404      404    404    ok    ok    403    403    403     403    ok   403
maint's token    401    401   401  404      404    404    ok    ok    403    403    403     403    ok   403
its new secret   401    401   401  404      404    404    ok    403   403    403    403     403    403  403
make a token     401    401   401  ok       ok     ok     ok    ok    403    403    403     403    403  403
administer       401    401   401  403      403    403    403   ok    403    403    403     403    403  403
measure          401    401   401  403      403    403    403   ok    403    403    403     403    403  403
`;

const MEANINGLESS_TOKEN = { name: 'x', management: true, scopes: [{ namespace: 'private', actions: ['pull'] }] };

/** Of every route one request, what it needs, and what "ok" is: not to change anything, what is named does often not exist. */
const ROUTES: readonly (readonly [route: string, need: string, path: string, ok: number, body?: unknown])[] = [
  ['GET /', 'everybody', '/', 200],
  ['HEAD /', 'everybody', '/', 200],
  ['GET /livez', 'everybody', '/livez', 200],
  ['HEAD /livez', 'everybody', '/livez', 200],
  ['GET /readyz', 'everybody', '/readyz', 200],
  ['HEAD /readyz', 'everybody', '/readyz', 200],
  ['GET /metrics', 'measure', '/metrics', 200],
  ['GET /robots.txt', 'everybody', '/robots.txt', 200],
  ['HEAD /robots.txt', 'everybody', '/robots.txt', 200],
  ['GET /v2', 'login', '/v2', 200],
  ['HEAD /v2', 'login', '/v2', 200],
  ['GET /v2/', 'login', '/v2/', 200],
  ['HEAD /v2/', 'login', '/v2/', 200],
  ['GET /v2/_catalog', 'login', '/v2/_catalog', 200],
  ['GET /v2/:name/tags/list', 'pull', '/v2/$/web/tags/list', 200],
  ['GET /v2/:name/manifests/:reference', 'pull', '/v2/$/web/manifests/1.0.0', 200],
  ['HEAD /v2/:name/manifests/:reference', 'pull', '/v2/$/web/manifests/1.0.0', 200],
  ['GET /v2/:name/blobs/:digest', 'pull', `/v2/$/web/blobs/${digestOf(Buffer.from('none'))}`, 404],
  ['HEAD /v2/:name/blobs/:digest', 'pull', `/v2/$/web/blobs/${digestOf(Buffer.from('none'))}`, 404],
  ['GET /v2/:name/referrers/:digest', 'pull', `/v2/$/web/referrers/${digestOf(Buffer.from('none'))}`, 200],
  ['POST /v2/:name/blobs/uploads', 'push', '/v2/$/web/blobs/uploads', 202],
  ['POST /v2/:name/blobs/uploads/', 'push', '/v2/$/web/blobs/uploads/', 202],
  ['PATCH /v2/:name/blobs/uploads/:id', 'push', '/v2/$/web/blobs/uploads/none', 404],
  ['PUT /v2/:name/blobs/uploads/:id', 'push', `/v2/$/web/blobs/uploads/none?digest=${digestOf(Buffer.from(''))}`, 404],
  ['GET /v2/:name/blobs/uploads/:id', 'push', '/v2/$/web/blobs/uploads/none', 404],
  ['DELETE /v2/:name/blobs/uploads/:id', 'push', '/v2/$/web/blobs/uploads/none', 404],
  ['PUT /v2/:name/manifests/:reference', 'push', '/v2/$/web/manifests/tip', 400],
  ['DELETE /v2/:name/manifests/:reference', 'delete', '/v2/$/web/manifests/none', 404],
  ['DELETE /v2/:name/blobs/:digest', 'delete', `/v2/$/web/blobs/${digestOf(Buffer.from('none'))}`, 404],
  ['GET /-/all/index.yaml', 'browse', '/-/all/index.yaml', 200],
  ['HEAD /-/all/index.yaml', 'browse', '/-/all/index.yaml', 200],
  ['GET /-/classic/:namespace/index.yaml', 'list', '/$/index.yaml', 200],
  ['HEAD /-/classic/:namespace/index.yaml', 'list', '/$/index.yaml', 200],
  ['GET /-/classic/:namespace/artifacthub-repo.yml', 'claim', '/$/artifacthub-repo.yml', 200],
  ['HEAD /-/classic/:namespace/artifacthub-repo.yml', 'claim', '/$/artifacthub-repo.yml', 200],
  ['GET /-/classic/:namespace/charts/:file', 'pull', '/$/charts/web-1.0.0.tgz', 200],
  ['HEAD /-/classic/:namespace/charts/:file', 'pull', '/$/charts/web-1.0.0.tgz', 200],
  ['GET /-/classic/:namespace/api/charts', 'list', '/api/$/charts', 200],
  ['HEAD /-/classic/:namespace/api/charts', 'list', '/api/$/charts', 200],
  ['GET /-/classic/:namespace/api/charts/:name', 'pull', '/api/$/charts/web', 200],
  ['HEAD /-/classic/:namespace/api/charts/:name', 'pull', '/api/$/charts/web', 200],
  ['GET /-/classic/:namespace/api/charts/:name/:version', 'pull', '/api/$/charts/web/1.0.0', 200],
  ['HEAD /-/classic/:namespace/api/charts/:name/:version', 'pull', '/api/$/charts/web/1.0.0', 200],
  ['GET /-/classic/:namespace/api/charts/:name/:version/values', 'pull', '/api/$/charts/web/1.0.0/values', 200],
  ['GET /-/classic/:namespace/api/charts/:name/:version/templates', 'pull', '/api/$/charts/web/1.0.0/templates', 200],
  ['POST /-/classic/:namespace/api/charts', 'push', '/api/$/charts', 400],
  ['POST /-/classic/:namespace/api/prov', 'push', '/api/$/prov', 400],
  ['DELETE /-/classic/:namespace/api/charts/:name/:version', 'delete', '/api/$/charts/web/9.9.9', 404],
  ['GET /api/v1/openapi.json', 'everybody', '/api/v1/openapi.json', 200],
  ['GET /api/v1/whoami', 'login', '/api/v1/whoami', 200],
  ['GET /api/v1/users', 'administer', '/api/v1/users', 200],
  ['POST /api/v1/users', 'administer', '/api/v1/users', 409, { name: 'reader', password: 'password' }],
  ['GET /api/v1/users/:name', 'administer', '/api/v1/users/reader', 200],
  ['PATCH /api/v1/users/:name', 'administer', '/api/v1/users/none', 404, { disabled: true }],
  ['DELETE /api/v1/users/:name', 'administer', '/api/v1/users/none', 404],
  ['PUT /api/v1/users/:name/password', 'administer', '/api/v1/users/none/password', 404, { password: 'password' }],
  ['GET /api/v1/groups', 'administer', '/api/v1/groups', 200],
  ['POST /api/v1/groups', 'administer', '/api/v1/groups', 409, { name: 'group' }],
  ['GET /api/v1/groups/:name', 'administer', '/api/v1/groups/group', 200],
  ['PATCH /api/v1/groups/:name', 'administer', '/api/v1/groups/none', 404, { administrator: true }],
  ['DELETE /api/v1/groups/:name', 'administer', '/api/v1/groups/none', 404],
  ['GET /api/v1/groups/:name/members', 'administer', '/api/v1/groups/group/members', 200],
  ['PUT /api/v1/groups/:name/members/:user', 'administer', '/api/v1/groups/group/members/none', 404],
  ['DELETE /api/v1/groups/:name/members/:user', 'administer', '/api/v1/groups/group/members/none', 404],
  ['GET /api/v1/grants', 'administer', '/api/v1/grants', 200],
  ['PUT /api/v1/grants', 'administer', '/api/v1/grants', 404, { user: 'none', namespace: 'private', role: 'reader' }],
  ['DELETE /api/v1/grants', 'administer', '/api/v1/grants?user=none&namespace=private', 404],
  ['GET /api/v1/namespaces', 'manage', '/api/v1/namespaces', 200],
  ['PUT /api/v1/namespaces', 'manage private', '/api/v1/namespaces', 200, { path: 'private', visibility: 'private' }],
  ['DELETE /api/v1/namespaces', 'manage private', '/api/v1/namespaces?path=private/none', 404],
  ['GET /api/v1/robots', 'manage', '/api/v1/robots', 200],
  [
    'POST /api/v1/robots',
    'manage private',
    '/api/v1/robots',
    409,
    { name: 'puller', namespace: 'private', scopes: [{ namespace: 'private', actions: ['pull'] }] },
  ],
  ['GET /api/v1/robots/:name', 'a robot of it', '/api/v1/robots/private-robot', 200],
  ['PATCH /api/v1/robots/:name', 'a robot of it', '/api/v1/robots/private-robot', 200, { disabled: false }],
  ['POST /api/v1/robots/:name/rotate', 'a robot of it', '/api/v1/robots/private-robot/rotate', 200, {}],
  ['DELETE /api/v1/robots/:name/secrets/:id', 'a robot of it', '/api/v1/robots/private-robot/secrets/none1234', 404],
  ['DELETE /api/v1/robots/:name', 'nothing to compare', '', 0],
  ['GET /api/v1/tokens', 'manage', '/api/v1/tokens', 200],
  ['POST /api/v1/tokens', 'make a token', '/api/v1/tokens', 400, MEANINGLESS_TOKEN],
  ['GET /api/v1/tokens/:id', "maint's token", '/api/v1/tokens/TOKEN', 200],
  ['POST /api/v1/tokens/:id/rotate', 'its new secret', '/api/v1/tokens/TOKEN/rotate', 200, {}],
  ['DELETE /api/v1/tokens/:id', 'nothing to compare', '', 0],
  ['GET /api/v1/trust-rules', 'administer', '/api/v1/trust-rules', 200],
  [
    'POST /api/v1/trust-rules',
    'administer',
    '/api/v1/trust-rules',
    400,
    { name: 'x', issuer: 'ftp://x', audience: 'x', claims: { sub: 'x' }, namespace: 'x', role: 'reader' },
  ],
  ['GET /api/v1/trust-rules/:name', 'administer', '/api/v1/trust-rules/job', 200],
  ['PATCH /api/v1/trust-rules/:name', 'administer', '/api/v1/trust-rules/none', 404, { disabled: true }],
  ['DELETE /api/v1/trust-rules/:name', 'administer', '/api/v1/trust-rules/none', 404],
  ['GET /api/v1/audit', 'administer', '/api/v1/audit', 200],
  ['GET /api/v1/audit/export', 'administer', '/api/v1/audit/export', 200],
  ['GET /api/v1/jobs', 'administer', '/api/v1/jobs', 200],
  ['POST /api/v1/jobs', 'administer', '/api/v1/jobs', 400, { kind: 'collect-garbage', gracePeriod: -1 }],
  ['GET /api/v1/uploads', 'administer', '/api/v1/uploads', 200],
  ['DELETE /api/v1/uploads/:id', 'administer', '/api/v1/uploads/00000000-0000-4000-8000-000000000000', 404],
  ['GET /api/v1/jobs/:id', 'administer', '/api/v1/jobs/00000000-0000-4000-8000-000000000000', 404],
  ['GET /api/v1/search', 'browse', '/api/v1/search?q=web', 200],
  ['GET /api/chartsvc/v1/charts/search', 'browse', '/api/chartsvc/v1/charts/search?q=web', 200],
  ['GET /charts/:chart', 'pull', '/charts/$/web', 200],
  ['GET /api/v1/charts', 'browse', '/api/v1/charts', 200],
  ['GET /api/v1/charts/-/namespaces', 'browse', '/api/v1/charts/-/namespaces', 200],
  ['GET /api/v1/charts/:chart', 'pull', '/api/v1/charts/$/web', 200],
  ['GET /api/v1/charts/:chart/-/versions', 'pull', '/api/v1/charts/$/web/-/versions', 200],
  ['GET /api/v1/charts/:chart/-/versions/:version', 'pull', '/api/v1/charts/$/web/-/versions/1.0.0', 200],
  [
    'GET /api/v1/charts/:chart/-/versions/:version/dependencies',
    'pull',
    '/api/v1/charts/$/web/-/versions/1.0.0/dependencies',
    200,
  ],
  ['GET /api/v1/charts/:chart/-/versions/:version/files', 'pull', '/api/v1/charts/$/web/-/versions/1.0.0/files', 200],
  [
    'GET /api/v1/charts/:chart/-/versions/:version/files/:path',
    'pull',
    '/api/v1/charts/$/web/-/versions/1.0.0/files/Chart.yaml',
    200,
  ],
  ['GET /api/v1/charts/:chart/-/resolve', 'pull', '/api/v1/charts/$/web/-/resolve?range=^1', 200],
  ['GET /api/v1/charts/:chart/-/compare', 'pull', '/api/v1/charts/$/web/-/compare?from=1.0.0&to=1.0.0', 200],
  ['GET /api/v1/charts/:chart/-/dependents', 'pull', '/api/v1/charts/$/web/-/dependents', 200],
  ['GET /api/v1/charts/:chart/-/pulls', 'pull', '/api/v1/charts/$/web/-/pulls', 200],
  ['PUT /api/v1/charts/:chart/-/notice', 'delete', '/api/v1/charts/$/none/-/notice', 404, { kind: 'deprecated' }],
  ['DELETE /api/v1/charts/:chart/-/notice', 'delete', '/api/v1/charts/$/web/-/notice', 404],
  [
    'PUT /api/v1/charts/:chart/-/versions/:version/notice',
    'delete',
    '/api/v1/charts/$/web/-/versions/9.9.9/notice',
    404,
    { kind: 'yanked' },
  ],
  [
    'DELETE /api/v1/charts/:chart/-/versions/:version/notice',
    'delete',
    '/api/v1/charts/$/web/-/versions/1.0.0/notice',
    404,
  ],
  ['POST /api/v1/lock-check', 'browse', '/api/v1/lock-check', 200, { lock: 'dependencies: []' }],
];

/** It answers everybody with a token or a refusal: what each gets, `token.test.ts` says. */
const ELSEWHERE = ['GET /token', 'POST /token'];

const [HEAD = '', ...LINES] = TABLE.trim().split('\n');
const PRINCIPALS = HEAD.trim().split(/\s+/);
const EXPECTED = new Map(
  LINES.map((line) => {
    const [need = '', ...cells] = line.trim().split(/\s{2,}(?=\S)|(?<=ok|\d{3})\s+/);
    return [need, cells] as const;
  }),
);

const registry = await startRegistry();
let issuer: OidcIssuer;
let tokenId = '';
const credentials = new Map<string, string | undefined>([
  ['nobody', undefined],
  ['admin', ADMIN],
]);

beforeAll(async () => {
  issuer = await startOidcIssuer();
  const { users, groups, grants, namespaces, robots, personalTokens, trustRules } = registry.accounts;
  await namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
  for (const path of ['public', 'private']) {
    await namespaces.set({ path, artifactHub: { repositoryID: null, owners: [] } }, MANAGER);
  }
  for (const repository of ['public/web', 'private/web']) {
    await pushChart(registry, repository, { name: 'web', version: '1.0.0' });
  }
  for (const [name, role] of [
    ['reader', 'reader'],
    ['writer', 'writer'],
    ['maint', 'maintainer'],
  ] as const satisfies readonly (readonly [string, Role])[]) {
    credentials.set(name, await addMember(registry, name, { role, namespace: 'private' }));
    await grants.put({ holder: 'user', name, namespace: 'public', role }, AUTHOR);
  }
  credentials.set('stranger', await addMember(registry, 'stranger'));
  credentials.set('gone', await addMember(registry, 'gone', { role: 'maintainer', namespace: '/' }));
  credentials.set('wrong', 'maint:wrong-password');
  await users.change('gone', { disabled: true }, AUTHOR);
  await groups.add({ name: 'group', externalName: null, administrator: false }, AUTHOR);
  for (const [name, action] of [
    ['puller', 'pull'],
    ['pusher', 'push'],
    ['deleter', 'delete'],
  ] as const) {
    const scopes = ['public', 'private'].map((namespace) => ({ namespace, actions: [action] }));
    const { secret } = await robots.add({ name, namespace: '/', scopes, expiresAt: null }, MANAGER);
    credentials.set(name, `${name}:${secret}`);
  }
  const scopes = [{ namespace: 'private', actions: ['pull'] as const }];
  await robots.add({ name: 'private-robot', namespace: 'private', scopes, expiresAt: null }, MANAGER);
  const add = async (name: string, asked: { readonly scopes: typeof scopes | null; readonly management: boolean }) => {
    const { token, secret } = await personalTokens.add('maint', { name, expiresAt: null, ...asked }, AUTHOR);
    credentials.set(name, `maint:${secret}`);
    return token.id;
  };
  await add('laptop', { scopes, management: false });
  await add('desk', { scopes: null, management: true });
  tokenId = await add('spare', { scopes: null, management: false });
  for (const namespace of ['private', 'public']) {
    const rule = { issuer: issuer.url, audience: 'charts', claims: { repository: 'acme/web' }, keys: null };
    const name = namespace === 'private' ? 'job' : 'job-public';
    await trustRules.add(name, { ...rule, namespace, role: 'writer', disabled: false }, AUTHOR);
  }
  credentials.set('job', `ci:${await jobToken()}`);
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

async function jobToken(): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return issuer.signIdentityToken({
    iss: issuer.url,
    aud: 'charts',
    sub: 'repo:acme/web',
    repository: 'acme/web',
    iat: now,
    exp: now + 3600,
  });
}

interface Row {
  readonly route: string;
  readonly need: string;
  readonly path: string;
  readonly ok: number;
  readonly body: unknown;
}

/** Routes of a repository once for each kind of place. */
const ROWS: readonly Row[] = ROUTES.filter(([, need]) => need !== 'nothing to compare').flatMap(
  ([route, need, path, ok, body]) => {
    if (!path.includes('$')) return [{ route, need, path, ok, body }];
    const isRead = need === 'pull' || need === 'list';
    const places = isRead ? ['public', 'private', 'elsewhere'] : ['public', 'private'];
    return places.map((place) => {
      // A list of charts is never missing, only empty, nor is that of referrers (OCI Distribution Spec, "Listing Referrers").
      const isThere = place !== 'elsewhere' || need === 'list' || path.includes('referrers');
      return { route, need: `${need} ${place}`, path: path.replace('$', place), ok: isThere ? ok : 404, body };
    });
  },
);

async function ask(row: Row, as: string | undefined): Promise<number> {
  const [method = ''] = row.route.split(' ');
  const isJson = row.body !== undefined;
  const answer = await registry.request(method, row.path.replace('TOKEN', tokenId), {
    as,
    ...(isJson ? { body: JSON.stringify(row.body), headers: { 'content-type': 'application/json' } } : {}),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function expected(row: Row, principal: string): number {
  const cell = EXPECTED.get(row.need)?.[PRINCIPALS.indexOf(principal)];
  if (cell === undefined) throw new Error(`the table does not say what ${principal} gets who wants to ${row.need}`);
  return cell === 'ok' ? row.ok : Number(cell);
}

describe.each(PRINCIPALS)('%s', (principal) => {
  test.each(ROWS)('$need: $route', async (row) => {
    expect(await ask(row, credentials.get(principal))).toBe(expected(row, principal));
  });
});

describe.each(PRINCIPALS)('%s, with a token fetched for just this', (principal) => {
  const ofRepositories = ROWS.filter(({ route }) => route.includes('/v2/:name'));

  test.each(ofRepositories)('$need: $route', async (row) => {
    const [action = '', place = ''] = row.need.split(' ');
    const scope = `repository:${place}/web:${action === 'push' ? 'pull,push' : action}`;
    const answer = await registry.request('GET', `/token?scope=${scope}`, { as: credentials.get(principal) });
    const wanted = expected(row, principal);
    if (answer.status !== 200) {
      // Refused where helm prints it, and only where the request itself would be refused.
      const isAnonymous = ['nobody', 'wrong', 'gone'].includes(principal);
      expect([answer.status, wanted >= 401 && wanted <= 404]).toEqual([isAnonymous ? 401 : 403, true]);
      return;
    }
    const { token } = (await answer.json()) as { token: string };
    expect(await ask(row, `Bearer ${token}`)).toBe(wanted);
  });
});

test('every route of the server is in the table', () => {
  const tabled = [...ROUTES.map(([route]) => route), ...ELSEWHERE];
  expect([...registry.routes].toSorted()).toEqual(tabled.toSorted());
});

test('every line of the table is of a route, and full', () => {
  expect(new Set(ROWS.map(({ need }) => need))).toEqual(new Set(EXPECTED.keys()));
  for (const [need, cells] of EXPECTED) expect([need, cells.length]).toEqual([need, PRINCIPALS.length]);
});
