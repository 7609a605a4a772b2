// Groups, roles and namespaces over the management API.
import { afterAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const ann = await addUser(registry, 'ann');

async function add(body: object): Promise<number> {
  return (await api.send('POST', '/groups', { body })).status;
}

describe('a group', () => {
  test('has a name and an external name that no other one has', async () => {
    expect(await add({ name: 'ops', externalName: 'CN=Ops' })).toBe(201);
    expect(await api.refusal(409, 'POST', '/groups', { body: { name: 'ops' } })).toBe(
      'there is already a group ops: see "chartroom group list"',
    );
    expect(await add({ name: 'operators', externalName: 'CN=Ops' })).toBe(409);
    expect(await add({ name: 'dev' })).toBe(201);
    expect(await api.refusal(409, 'PATCH', '/groups/dev', { body: { externalName: 'CN=Ops' } })).toBe(
      'there is already a group dev, or one with the external name CN=Ops: see "chartroom group list"',
    );
  });

  test('keeps what a change does not name, and loses its external name by null', async () => {
    const changed = await api.send('PATCH', '/groups/ops', { body: { administrator: true } });
    expect(changed.body).toMatchObject({ externalName: 'CN=Ops', administrator: true });
    const parted = await api.send('PATCH', '/groups/ops', { body: { externalName: null } });
    expect(parted.body).toMatchObject({ externalName: null, administrator: true });
  });

  test('gives its members what it may do, as long as they are members', async () => {
    const isAdministrator = async () => (await api.send('GET', '/whoami', { as: ann })).body.administrator;
    expect(await isAdministrator()).toBe(false);
    for (const _twice of [1, 2]) expect((await api.send('PUT', '/groups/ops/members/ann')).status).toBe(204);
    expect(await isAdministrator()).toBe(true);
    expect((await api.send('DELETE', '/groups/ops/members/ann')).status).toBe(204);
    expect(await isAdministrator()).toBe(false);
  });

  test('is listed among those of its members', async () => {
    const of = async (user: string) =>
      (await api.all<{ name: string }>(`/groups?limit=1&user=${user}`)).map(({ name }) => name);
    for (const group of ['ops', 'dev']) await api.send('PUT', `/groups/${group}/members/ann`);
    expect(await of('ann')).toEqual(['dev', 'ops']);
    for (const group of ['ops', 'dev']) await api.send('DELETE', `/groups/${group}/members/ann`);
    expect(await of('ann')).toEqual([]);
    expect(await of('nil')).toEqual([]);
  });

  test('has members who are users, and is there', async () => {
    expect(await api.refusal(404, 'PUT', '/groups/ops/members/nil')).toMatch(/^there is no user nil/);
    expect(await api.refusal(404, 'PUT', '/groups/nil/members/ann')).toMatch(/^there is no group nil/);
    expect(await api.refusal(404, 'DELETE', '/groups/ops/members/ann')).toMatch(/^ann is no member of ops/);
    expect(await api.refusal(404, 'GET', '/groups/nil/members')).toMatch(/^there is no group nil/);
    expect(await api.refusal(404, 'GET', '/groups/nil')).toMatch(/^there is no group nil/);
    expect(await api.refusal(404, 'PATCH', '/groups/nil', { body: { administrator: true } })).toMatch(/^there is no/);
    expect(await api.refusal(404, 'DELETE', '/groups/nil')).toMatch(/^there is no group nil/);
  });
});

describe('a role', () => {
  const put = (body: object) => api.send('PUT', '/grants', { body });

  test('takes the place of the one that was there', async () => {
    for (const role of ['reader', 'maintainer']) await put({ user: 'ann', namespace: 'team', role });
    expect(await api.all('/grants?user=ann')).toEqual([{ user: 'ann', namespace: 'team', role: 'maintainer' }]);
  });

  test('is of a user or of a group that is there, and never of both', async () => {
    const role = { namespace: 'team', role: 'reader' };
    expect((await put({ user: 'ann', group: 'ops', ...role })).status).toBe(400);
    expect((await put(role)).status).toBe(400);
    expect((await put({ user: 'nil', ...role })).status).toBe(404);
    expect((await put({ group: 'nil', ...role })).status).toBe(404);
    expect((await put({ group: 'ann', ...role })).status).toBe(404);
  });

  test('is on a path', async () => {
    const refusal = '"Team" is not a path: write it like "team" or "team/charts", or "/" for everything';
    const body = { user: 'ann', namespace: 'Team', role: 'reader' };
    expect(await api.refusal(400, 'PUT', '/grants', { body })).toBe(refusal);
    expect(await api.refusal(400, 'DELETE', '/grants?user=ann&namespace=Team')).toBe(refusal);
  });

  test('that is not there cannot be taken away', async () => {
    expect(await api.refusal(404, 'DELETE', '/grants?user=ann&namespace=other')).toBe(
      'ann has no role on other: see "chartroom grant list"',
    );
    expect((await api.send('DELETE', '/grants?group=ann&namespace=team')).status).toBe(404);
    expect((await api.send('DELETE', '/grants?user=ann&namespace=team')).status).toBe(204);
  });

  test('goes with its holder', async () => {
    await put({ group: 'dev', namespace: 'team', role: 'reader' });
    await api.send('DELETE', '/groups/dev');
    expect(await api.all('/grants')).toEqual([]);
  });
});

describe('a namespace', () => {
  const put = (as: string | undefined, path: string, visibility = 'public') =>
    api.send('PUT', '/namespaces', { as, body: { path, visibility } });

  test('is for its maintainers to settle, and for those of the ones above', async () => {
    const mia = await addUser(registry, 'mia', { team: 'maintainer', other: 'writer' });
    const paths = ['team', 'team/web', '/team/web/', 'teams', 'other', '/', ''];
    const statuses = await Promise.all(paths.map(async (path) => (await put(mia, path)).status));
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403, 400]);
    expect(await api.all('/namespaces', { as: mia })).toEqual([
      { path: 'team', visibility: 'public', floatingTags: null, artifactHub: null },
      { path: 'team/web', visibility: 'public', floatingTags: null, artifactHub: null },
    ]);
    expect((await api.send('DELETE', '/namespaces?path=/team', { as: mia })).status).toBe(204);
    expect((await api.send('DELETE', '/namespaces?path=other', { as: mia })).status).toBe(403);
    expect(await api.refusal(404, 'DELETE', '/namespaces?path=team', { as: mia })).toBe(
      'team has no settings of its own: see "chartroom namespace list"',
    );
  });

  test('is shown to nobody who does not maintain it', async () => {
    expect(await api.all('/namespaces', { as: ann })).toEqual([]);
    expect((await put(ann, 'team')).status).toBe(403);
  });

  test('is what everybody may read as soon as it is public', async () => {
    const read = async () => (await registry.request('GET', '/v2/lib/web/tags/list', { as: undefined })).status;
    expect(await read()).toBe(401);
    expect((await put('admin:administrator-password', 'lib')).status).toBe(200);
    expect(await read()).toBe(404);
  });
});
