// A token that was good ends with what it stands on: the next request with it is refused, long before it expires.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { pushChart } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { addMember, tokenFor } from './support/members.ts';
import { finish, startUpload } from './support/uploads.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const registry = await startRegistry({}, clock);
const { users, groups, grants, namespaces, robots, personalTokens } = registry.accounts;
await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
afterAll(() => registry[Symbol.asyncDispose]());

const PULL = 'repository:team/web:pull';
const PATH = '/v2/team/web/manifests/1.0.0';
const robotAsked = { namespace: 'team', scopes: [{ namespace: 'team', actions: ['push'] as const }], expiresAt: null };

async function statusWith(as: string, path = PATH): Promise<number> {
  return (await registry.request('GET', path, { as })).status;
}

describe('of a user', () => {
  test('when the role is taken away, it is as if there were no such repository', async () => {
    const as = await tokenFor(registry, await addMember(registry, 'ann', { role: 'writer', namespace: 'team' }), PULL);
    expect(await statusWith(as)).toBe(200);
    await grants.remove({ holder: 'user', name: 'ann', namespace: 'team' }, AUTHOR);
    expect(await statusWith(as)).toBe(404);
  });

  test('when the role that it came by is that of a group, and the group loses it, or the user the group', async () => {
    const ben = await addMember(registry, 'ben');
    await groups.add({ name: 'builders', externalName: null, administrator: false }, AUTHOR);
    await groups.addMember('builders', 'ben', AUTHOR);
    await grants.put({ holder: 'group', name: 'builders', namespace: 'team', role: 'reader' }, AUTHOR);
    const as = await tokenFor(registry, ben, PULL);
    expect(await statusWith(as)).toBe(200);
    await grants.remove({ holder: 'group', name: 'builders', namespace: 'team' }, AUTHOR);
    expect(await statusWith(as)).toBe(404);
    await grants.put({ holder: 'group', name: 'builders', namespace: 'team', role: 'reader' }, AUTHOR);
    expect(await statusWith(as)).toBe(200);
    await groups.removeMember('builders', 'ben', AUTHOR);
    expect(await statusWith(as)).toBe(404);
  });

  test('when the password is changed, the account disabled or removed', async () => {
    for (const end of [
      () => users.changePassword('cleo', 'another-password', AUTHOR),
      () => users.change('cleo', { disabled: true }, AUTHOR),
      () => users.remove('cleo', AUTHOR),
    ]) {
      const cleo = await addMember(registry, 'cleo', { role: 'reader', namespace: 'team' });
      const as = await tokenFor(registry, cleo, PULL);
      expect([await statusWith(as), await statusWith(as, '/v2/')]).toEqual([200, 200]);
      await end();
      expect([await statusWith(as), await statusWith(as, '/v2/')]).toEqual([401, 401]);
      await users.remove('cleo', AUTHOR).catch(() => undefined);
    }
  });

  test('when the personal token is removed that it was fetched with', async () => {
    await addMember(registry, 'dora', { role: 'reader', namespace: 'team' });
    const asked = { name: 'laptop', scopes: null, management: false, expiresAt: null };
    const { token, secret } = await personalTokens.add('dora', asked, AUTHOR);
    const as = await tokenFor(registry, `dora:${secret}`, PULL);
    expect(await statusWith(as)).toBe(200);
    await personalTokens.remove(token.id, { author: AUTHOR, of: 'everybody' });
    expect(await statusWith(as)).toBe(401);
  });
});

describe('of a robot', () => {
  test.each([
    ['disabled', (name: string) => robots.change(name, { disabled: true }, MANAGER), 401],
    ['removed', (name: string) => robots.remove(name, MANAGER), 401],
    [
      'given other scopes',
      async (name: string) => {
        await robots.change(name, { scopes: [{ namespace: 'team/other', actions: ['pull'] }] }, MANAGER);
      },
      404,
    ],
  ] as const)('when it is %s', async (how, end, status) => {
    const name = how.replaceAll(' ', '-');
    const { secret } = await robots.add({ ...robotAsked, name }, MANAGER);
    const as = await tokenFor(registry, `${name}:${secret}`, PULL);
    expect(await statusWith(as)).toBe(200);
    await end(name);
    expect(await statusWith(as)).toBe(status);
  });

  test('when its secret is revoked, and not when another one is', async () => {
    const { robot, secret } = await robots.add({ ...robotAsked, name: 'ci' }, MANAGER);
    const rotated = await robots.rotate('ci', 3600, MANAGER);
    const [first, second] = [
      await tokenFor(registry, `ci:${secret}`, PULL),
      await tokenFor(registry, `ci:${rotated.secret}`, PULL),
    ];
    await robots.revokeSecret('ci', robot.secrets[0]?.id ?? '', MANAGER);
    expect([await statusWith(first), await statusWith(second)]).toEqual([401, 200]);
  });

  test('when the overlap of a rotation has passed', async () => {
    const { secret } = await robots.add({ ...robotAsked, name: 'old' }, MANAGER);
    await robots.rotate('old', 60, MANAGER);
    const as = await tokenFor(registry, `old:${secret}`, PULL);
    clock.advance(59_000);
    expect(await statusWith(as)).toBe(200);
    clock.advance(2_000);
    expect(await statusWith(as)).toBe(401);
    expect((await registry.request('GET', '/v2/', { as: `old:${secret}` })).status).toBe(401);
  });
});

test('of nobody, when what it was for is public no more', async () => {
  await namespaces.setVisibility({ path: 'team', visibility: 'public' }, MANAGER);
  const as = await tokenFor(registry, undefined, PULL);
  expect(await statusWith(as)).toBe(200);
  await namespaces.setVisibility({ path: 'team', visibility: 'private' }, MANAGER);
  expect(await statusWith(as)).toBe(401);
});

describe('a token that has expired', () => {
  const bytes = Buffer.from('bytes that took long');
  const PUSH = 'repository:team/big:pull,push';

  test('is good for the upload that was opened with it, and for nothing else', async () => {
    const emil = await addMember(registry, 'emil', { role: 'writer', namespace: 'team' });
    const as = await tokenFor(registry, emil, PUSH);
    clock.advance(100_000);
    const location = await startUpload(registry, 'team/big', { as });
    clock.advance(3_600_000);
    expect((await registry.request('PATCH', location, { as, body: bytes })).status).toBe(202);
    expect((await registry.request('GET', location, { as })).status).toBe(204);
    expect((await registry.request('POST', '/v2/team/big/blobs/uploads/', { as })).status).toBe(401);
    const fresh = await startUpload(registry, 'team/big', { as: emil });
    expect((await registry.request('PATCH', fresh, { as, body: bytes })).status).toBe(401);
    expect((await finish(registry, location, digestOf(bytes), { as })).status).toBe(201);
    expect((await registry.request('HEAD', `/v2/team/big/blobs/${digestOf(bytes)}`, { as })).status).toBe(401);
  });

  test('is not, when its owner lost the right meanwhile, or it is of somebody else', async () => {
    const finn = await addMember(registry, 'finn', { role: 'writer', namespace: 'team' });
    const gus = await addMember(registry, 'gus', { role: 'writer', namespace: 'team' });
    const [as, other] = [await tokenFor(registry, finn, PUSH), await tokenFor(registry, gus, PUSH)];
    const location = await startUpload(registry, 'team/big', { as });
    clock.advance(3_600_000);
    expect((await registry.request('PATCH', location, { as: other, body: bytes })).status).toBe(401);
    await grants.remove({ holder: 'user', name: 'finn', namespace: 'team' }, AUTHOR);
    expect((await registry.request('PATCH', location, { as, body: bytes })).status).toBe(403);
    await users.change('finn', { disabled: true }, AUTHOR);
    expect((await registry.request('PATCH', location, { as, body: bytes })).status).toBe(401);
  });
});
