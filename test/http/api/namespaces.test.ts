// Settings of namespaces by the API: what is set, what stays, who may.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pushChart } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const ROOT = { path: '/', visibility: 'private', floatingTags: false, artifactHub: null };
const UNSET = { visibility: null, floatingTags: null, artifactHub: null };
const CLAIM = {
  repositoryID: '4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b',
  owners: [{ name: 'Ann "A" Ærø', email: 'ann@example.com' }],
};

async function put(body: object, as?: string) {
  return await api.send('PUT', '/namespaces', { body, ...(as === undefined ? {} : { as }) });
}

afterEach(async () => {
  for (const { path } of await api.all('/namespaces')) await api.send('DELETE', `/namespaces?path=${String(path)}`);
  expect(await api.all('/namespaces')).toEqual([ROOT]);
});

describe('what is set', () => {
  test('is answered and listed with all settings, and what is left out stays as it was', async () => {
    expect((await put({ path: 'team', floatingTags: true })).body).toEqual({
      ...{ ...UNSET, path: 'team', floatingTags: true },
    });
    expect((await put({ path: 'team', visibility: 'public', artifactHub: CLAIM })).body).toEqual({
      ...{ path: 'team', visibility: 'public', floatingTags: true, artifactHub: CLAIM },
    });
    expect((await put({ path: '/team/', floatingTags: false })).body).toEqual({
      ...{ path: 'team', visibility: 'public', floatingTags: false, artifactHub: CLAIM },
    });
    expect(await api.all('/namespaces')).toEqual([
      ROOT,
      { path: 'team', visibility: 'public', floatingTags: false, artifactHub: CLAIM },
    ]);
  });

  test('is as above again with null, and a namespace that says nothing is not listed', async () => {
    await put({ path: 'team', visibility: 'public', floatingTags: true, artifactHub: CLAIM });
    expect((await put({ path: 'team', visibility: null, artifactHub: null })).body).toEqual({
      ...{ ...UNSET, path: 'team', floatingTags: true },
    });
    expect((await put({ path: 'team', floatingTags: null })).body).toEqual({ ...UNSET, path: 'team' });
    expect(await api.all('/namespaces')).toEqual([ROOT]);
    expect(await api.refusal(404, 'DELETE', '/namespaces?path=team')).toBe(
      'team has no settings of its own: see "chartroom namespace list"',
    );
  });

  test('is never null for the root, which says what holds where nothing is said', async () => {
    expect((await put({ path: '/', floatingTags: true })).body).toEqual({ ...ROOT, floatingTags: true });
    expect((await put({ path: '/', visibility: 'public', floatingTags: null })).body).toEqual({
      ...{ ...ROOT, visibility: 'public' },
    });
    expect(await api.all('/namespaces')).toEqual([{ ...ROOT, visibility: 'public' }]);
    expect((await put({ path: '/', visibility: null })).body).toEqual(ROOT);
  });

  test('counts at once: for reading, and for floating tags in the same moment', async () => {
    await pushChart(registry, 'team/web', { name: 'web', version: '1.2.0' });
    const status = async (path: string, as?: string) => (await registry.request('GET', path, { as })).status;
    const admin = 'admin:administrator-password';
    expect(await status('/v2/team/web/manifests/1', admin)).toBe(404);
    await put({ path: 'team', visibility: 'public', floatingTags: true });
    expect(await status('/v2/team/web/manifests/1')).toBe(200);
    await put({ path: 'team/web', visibility: 'private', floatingTags: false });
    expect([await status('/v2/team/web/manifests/1'), await status('/v2/team/web/manifests/1', admin)]).toEqual([
      401, 404,
    ]);
    await api.send('DELETE', '/namespaces?path=team/web');
    expect(await status('/v2/team/web/manifests/1')).toBe(200);
    await api.send('DELETE', '/namespaces?path=team');
    expect(await status('/v2/team/web/manifests/1', admin)).toBe(404);
  });

  test('is an event that says what was set, and no more', async () => {
    await put({ path: 'team', floatingTags: true });
    await put({ path: 'team', visibility: null, artifactHub: CLAIM });
    await api.send('DELETE', '/namespaces?path=team');
    const events = await api.all('/audit?kind=namespace&limit=3');
    expect(events.slice(0, 3).map(({ kind, detail }) => ({ kind, detail }))).toEqual([
      { kind: 'namespace.removed', detail: { namespace: 'team' } },
      { kind: 'namespace.changed', detail: { namespace: 'team', visibility: null, artifactHub: CLAIM } },
      { kind: 'namespace.changed', detail: { namespace: 'team', floatingTags: true } },
    ]);
  });
});

describe('whoever', () => {
  let maintainer = '';
  let writer = '';
  beforeAll(async () => {
    maintainer = await addUser(registry, 'mia', { team: 'maintainer' });
    writer = await addUser(registry, 'wim', { team: 'writer' });
  });

  test('maintains a namespace settles it and what lies below, and sees no other', async () => {
    await put({ path: 'other', floatingTags: true });
    expect((await put({ path: 'team', floatingTags: true }, maintainer)).status).toBe(200);
    expect((await put({ path: 'team/a', artifactHub: CLAIM }, maintainer)).status).toBe(200);
    expect((await api.all('/namespaces', { as: maintainer })).map(({ path }) => path)).toEqual(['team', 'team/a']);
    for (const path of ['other', '/', 'team-x']) {
      expect((await put({ path, floatingTags: true }, maintainer)).status).toBe(403);
    }
  });

  test('does not maintain it is refused, and told who may', async () => {
    expect(
      await api.refusal(403, 'PUT', '/namespaces', { as: writer, body: { path: 'team', floatingTags: true } }),
    ).toBe('wim is not maintainer of team: ask an administrator to run "chartroom grant add wim maintainer team"');
    expect(await api.refusal(403, 'DELETE', '/namespaces?path=team', { as: writer })).toContain(
      'wim is not maintainer',
    );
  });
});

test.each([
  [{ path: 'team' }, 'the body must not have fewer than 2 properties'],
  [{ path: 'team', floatingTags: 'true' }, '"floatingTags" in the body must be true or false or must be null'],
  [{ path: 'team', floatingTags: 1 }, '"floatingTags" in the body must be true or false or must be null'],
  [{ path: 'team', floating: true }, 'the body has what is not known here: "floating"'],
  [{ path: 'team', artifactHub: {} }, '"artifactHub" in the body needs "repositoryID", "owners" or must be null'],
  [
    { path: 'team', artifactHub: { ...CLAIM, repositoryID: 'x' } },
    '"artifactHub/repositoryID" in the body must be a UUID such as 4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b or must be null',
  ],
  [
    { path: 'team', artifactHub: { ...CLAIM, owners: [{ name: 'two\nlines', email: 'a@b' }] } },
    '"artifactHub/owners/0/name" in the body must not have control characters',
  ],
  ...['ann', 'a@b@c', '@b', 'a@', 'a b@c', 'a@b\n'].map(
    (email) =>
      [
        { path: 'team', artifactHub: { ...CLAIM, owners: [{ name: 'Ann', email }] } },
        '"artifactHub/owners/0/email" in the body must be an e-mail address',
      ] as const,
  ),
  [
    { path: 'team', artifactHub: { ...CLAIM, owners: Array.from({ length: 21 }, () => CLAIM.owners[0]) } },
    '"artifactHub/owners" in the body must not have more than 20 items',
  ],
] as readonly (readonly [object, string])[])('%o is refused with the reason', async (body, detail) => {
  expect(await api.refusal(400, 'PUT', '/namespaces', { body })).toBe(detail);
});
