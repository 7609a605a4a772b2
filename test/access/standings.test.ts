// Standings: what a principal may do now, and why one stands no more.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Principal, UserPrincipal } from '../../src/access/principal.ts';
import { Standings } from '../../src/access/standings.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { findRobot } from '../../src/tables/robots.ts';
import { findUser } from '../../src/tables/users.ts';
import { addMember } from '../http/support/members.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const registry = await startRegistry({}, clock);
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
const standings = new Standings(database, clock);
const { users, groups, grants, namespaces, robots, personalTokens, trustRules } = registry.accounts;
const ADDRESS = { host: 'charts.example.com', isPlainHttp: false };
const WEB = parseRepositoryName('team/web');
const ANONYMOUS: Principal = { kind: 'anonymous' };
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});

async function user(name: string): Promise<UserPrincipal> {
  const row = await findUser(database, name);
  if (!row) throw new Error(`no user ${name}`);
  return { kind: 'user', name, id: row.id, version: row.version };
}

async function actions(principal: Principal, repository = WEB): Promise<string> {
  return (await standings.rightsOf(principal, ADDRESS)).on(repository).join(' ');
}

describe('a role', () => {
  test('counts with the next request, and is gone with the next, by user or by group', async () => {
    await addMember(registry, 'ann');
    const ann = await user('ann');
    expect(await actions(ann)).toBe('');
    await grants.put({ holder: 'user', name: 'ann', namespace: 'team', role: 'reader' }, AUTHOR);
    expect(await actions(ann)).toBe('pull');
    await groups.add({ name: 'builders', externalName: null, administrator: false }, AUTHOR);
    await grants.put({ holder: 'group', name: 'builders', namespace: 'team', role: 'writer' }, AUTHOR);
    expect(await actions(ann)).toBe('pull');
    await groups.addMember('builders', 'ann', AUTHOR);
    expect(await actions(ann)).toBe('pull push');
    await grants.remove({ holder: 'user', name: 'ann', namespace: 'team' }, AUTHOR);
    expect(await actions(ann)).toBe('pull push');
    await groups.remove('builders', AUTHOR);
    expect(await actions(ann)).toBe('');
  });

  test('is inherited downwards, and by no path that only begins alike', async () => {
    await addMember(registry, 'ben', { role: 'maintainer', namespace: 'team/charts' });
    const ben = await user('ben');
    const rights = await standings.rightsOf(ben, ADDRESS);
    for (const name of ['team/charts', 'team/charts/web', 'team/charts/a/b']) {
      expect([name, rights.on(parseRepositoryName(name))]).toEqual([name, ['pull', 'push', 'delete']]);
    }
    for (const name of ['team', 'team/chart', 'team/chartsx', 'charts/team']) {
      expect([name, rights.on(parseRepositoryName(name))]).toEqual([name, []]);
    }
    expect(['team/charts', 'team/charts/x', 'team', ''].map((path) => rights.maintains(path))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('of administrator may come from a group, and leaves with it', async () => {
    await addMember(registry, 'cleo');
    const cleo = await user('cleo');
    await groups.add({ name: 'admins', externalName: null, administrator: true }, AUTHOR);
    await groups.addMember('admins', 'cleo', AUTHOR);
    expect((await standings.rightsOf(cleo, ADDRESS)).isAdministrator).toBe(true);
    await groups.change('admins', { administrator: false }, AUTHOR);
    expect((await standings.rightsOf(cleo, ADDRESS)).isAdministrator).toBe(false);
  });

  test('does not pass to another user of the same name', async () => {
    await addMember(registry, 'dora', { role: 'writer', namespace: 'team' });
    const before = await user('dora');
    await users.remove('dora', AUTHOR);
    await addMember(registry, 'dora');
    expect(await actions(await user('dora'))).toBe('');
    await expect(actions(before)).rejects.toThrow('there is no user dora any more');
  });
});

describe('visibility', () => {
  test('is that of the nearest path that says it, for everybody', async () => {
    expect((await standings.rightsOf(ANONYMOUS, ADDRESS)).mayReadAnything).toBe(false);
    await namespaces.setVisibility({ path: 'open', visibility: 'public' }, MANAGER);
    await namespaces.setVisibility({ path: 'open/secret', visibility: 'private' }, MANAGER);
    const on = async (name: string) => await actions(ANONYMOUS, parseRepositoryName(name));
    expect([await on('open/web'), await on('open/secret/web'), await on('opened')]).toEqual(['pull', '', '']);
    await namespaces.reset('open/secret', MANAGER);
    expect(await on('open/secret/web')).toBe('pull');
    await namespaces.setVisibility({ path: 'open', visibility: 'private' }, MANAGER);
    expect(await on('open/web')).toBe('');
    expect((await standings.rightsOf(ANONYMOUS, ADDRESS)).mayReadAnything).toBe(false);
  });
});

describe('whoever', () => {
  test('has a new password, or was disabled, stands no more by the old one', async () => {
    await addMember(registry, 'emil', { role: 'writer', namespace: 'team' });
    const first = await user('emil');
    expect(await actions(first)).toBe('pull push');
    await users.changePassword('emil', 'another-password', AUTHOR);
    await expect(actions(first)).rejects.toThrow('the password of emil was changed');
    const second = await user('emil');
    await users.change('emil', { disabled: true }, AUTHOR);
    await expect(actions(second)).rejects.toThrow('the user emil is disabled');
    await users.change('emil', { disabled: false }, AUTHOR);
    await expect(actions(second)).rejects.toThrow('the password of emil was changed');
    expect(await actions(await user('emil'))).toBe('pull push');
  });

  test('has a personal token may do what both the token and the user may', async () => {
    await addMember(registry, 'finn', { role: 'writer', namespace: 'team' });
    const asked = { name: 'laptop', management: false, expiresAt: Date.parse('2026-11-24T00:00:00Z') };
    const scopes = [
      { namespace: 'team', charts: 'w*', actions: ['pull', 'delete'] as const },
      { namespace: 'other', actions: ['pull'] as const },
    ];
    const { token, secret } = await personalTokens.add('finn', { ...asked, scopes }, AUTHOR);
    const finn: Principal = { ...(await user('finn')), secret: secret.slice(4, 12) };
    expect(await actions(finn)).toBe('pull');
    expect(await actions(finn, parseRepositoryName('team/api'))).toBe('');
    expect(await actions(finn, parseRepositoryName('other/web'))).toBe('');
    expect((await standings.rightsOf(finn, ADDRESS)).management).toBe(false);
    clock.advance(14 * 3600_000);
    await expect(actions(finn)).rejects.toThrow(/^token chr_\w{8}… of finn expired on 2026-11-24: /);
    await personalTokens.remove(token.id, { author: AUTHOR, of: 'everybody' });
    await expect(actions(finn)).rejects.toThrow('was removed');
  });

  test('is a robot has its scopes, and nothing of the management API', async () => {
    const asked = { name: 'ci', namespace: 'team', expiresAt: null };
    const { secret } = await robots.add(
      { ...asked, scopes: [{ namespace: 'team', charts: 'web', actions: ['push'] }] },
      MANAGER,
    );
    const row = await findRobot(database, 'ci');
    if (!row) throw new Error('no robot');
    const id = secret.slice(4, 12);
    const ci: Principal = { kind: 'robot', name: 'ci', id: row.id, version: row.version, secret: id };
    expect(await actions(ci)).toBe('pull push');
    expect(await actions(ci, parseRepositoryName('team/webs'))).toBe('');
    const rights = await standings.rightsOf(ci, ADDRESS);
    expect([rights.management, rights.isAdministrator, rights.maintains('team')]).toEqual([false, false, false]);
    await robots.change('ci', { disabled: true }, MANAGER);
    await expect(actions(ci)).rejects.toThrow('robot ci is disabled');
    await robots.change('ci', { disabled: false }, MANAGER);
    await expect(actions(ci)).rejects.toThrow('robot ci was disabled meanwhile');
    const again = { ...ci, version: row.version + 1 };
    expect(await actions(again)).toBe('pull push');
    await robots.revokeSecret('ci', id, MANAGER);
    await expect(actions(again)).rejects.toThrow(
      /was revoked on 2026-11-24: .*"helm registry logout charts.example.com"/,
    );
  });

  test('comes by rules that trust it stands as long as one of them does, as it was', async () => {
    const rule = {
      issuer: 'https://ci.example.com',
      audience: 'charts',
      claims: { sub: 'acme' },
      keys: null,
      disabled: false,
    };
    for (const name of ['one', 'two']) {
      await trustRules.add(name, { ...rule, namespace: name, role: 'writer' }, AUTHOR);
    }
    const versions = clock.now();
    const job: Principal = {
      kind: 'workload',
      name: 'acme',
      issuer: rule.issuer,
      rules: ['one', 'two'].map((name) => ({ name, version: versions })),
    };
    const on = async (name: string) => await actions(job, parseRepositoryName(name));
    expect([await on('one/web'), await on('two/web'), await on('three/web')]).toEqual(['pull push', 'pull push', '']);
    await trustRules.change('one', { role: 'reader' }, AUTHOR);
    expect([await on('one/web'), await on('two/web')]).toEqual(['', 'pull push']);
    await trustRules.remove('two', AUTHOR);
    await expect(on('two/web')).rejects.toThrow('no rule trusts acme any more');
  });
});

test('what another process changes counts at once, too', async () => {
  await addMember(registry, 'gus');
  const gus = await user('gus');
  const rightsBefore = await actions(gus);
  // The registry of this test has another connection to the database than `standings`.
  await grants.put({ holder: 'user', name: 'gus', namespace: '/', role: 'maintainer' }, AUTHOR);
  expect([rightsBefore, await actions(gus)]).toEqual(['', 'pull push delete']);
});
