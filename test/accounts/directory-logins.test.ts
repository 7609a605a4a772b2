// Logins with a directory's password: when the directory is asked, who somebody is here, and what is remembered.
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { UserPrincipal } from '../../src/access/principal.ts';
import { Unauthorized } from '../../src/access/unauthorized.ts';
import { DirectoryLogins } from '../../src/accounts/directory-logins.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { RegistryError } from '../../src/oci/error.ts';
import { DirectoryUnreachable, type DirectoryUser, type UserDirectory } from '../../src/ports/user-directory.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';

const ORIGIN = { clientAddress: '192.0.2.7', userAgent: 'test' };
const registry = await startRegistry();
const { accounts } = registry;
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});

/** People in memory, each with the name as password. */
class Directory implements UserDirectory {
  readonly asked: string[] = [];
  groups: readonly string[] = [];
  /** Answers nobody until it is resolved, or fails with it. */
  blockage: Promise<void> = Promise.resolve();

  async authenticate(name: string, password: string): Promise<DirectoryUser | undefined> {
    this.asked.push(name);
    await this.blockage;
    return name === password ? { name, subject: `id-of-${name}`, groups: this.groups } : undefined;
  }
}

let clock: TestClock;
let directory: Directory;
let logins: DirectoryLogins;
beforeEach(() => {
  clock = new TestClock('2026-11-23T10:00:00Z');
  directory = new Directory();
  logins = new DirectoryLogins({ directory, users: accounts.externalUsers, database, clock });
});

async function check(name: string, password: string): Promise<UserPrincipal | undefined> {
  return await logins.check(name, password, ORIGIN);
}

describe('a name', () => {
  test('is the same in capitals and with spaces around it', async () => {
    const ann = await check('ann', 'ann');
    expect(ann).toMatchObject({ kind: 'user', name: 'ann' });
    clock.advance(60_000);
    expect(await check(' ANN ', 'ann')).toEqual(ann);
    expect(directory.asked).toEqual(['ann', 'ann']);
  });

  test.each(['', ' ', '*', 'ann*', 'ann)(uid=*', 'ann@example.com', 'a'.repeat(65), 'zoë'])(
    'that nobody can have here is not asked for: "%s"',
    async (name) => {
      expect(await check(name, name)).toBeUndefined();
      expect(directory.asked).toEqual([]);
    },
  );

  test('of a user with a password here is never that of somebody in the directory', async () => {
    const users = accounts.users;
    await users.add({ name: 'local', password: 'local-password', administrator: true }, AUTHOR);
    const login = check('local', 'local');
    await expect(login).rejects.toThrow(Unauthorized);
    await expect(login).rejects.toThrow('there is another user local here, who logs in another way');
    expect(await logins.recall('local', 'local')).toBeUndefined();
    expect(await users.find('local')).toMatchObject({ login: 'password' });
  });

  test('of a user of single sign-on is not, either', async () => {
    const identity = { login: 'provider', issuer: 'https://login.example.com', subject: '1', groups: [] } as const;
    await accounts.externalUsers.ensure({ ...identity, name: 'federated' }, ORIGIN);
    await expect(check('federated', 'federated')).rejects.toThrow(Unauthorized);
  });
});

describe('a right password', () => {
  test('is known for a minute', async () => {
    const bob = await check('bob', 'bob');
    clock.advance(59_999);
    expect(await logins.recall('bob', 'bob')).toEqual(bob);
    expect(await logins.recall('Bob ', 'bob')).toEqual(bob);
    expect(await logins.recall('bob', 'Bob')).toBeUndefined();
    expect(await logins.recall('bobby', 'bob')).toBeUndefined();
    clock.advance(1);
    expect(await logins.recall('bob', 'bob')).toBeUndefined();
  });

  test('is one question for requests that come at once', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => check('carl', 'carl')));
    expect(new Set(found.map((user) => user?.id)).size).toBe(1);
    expect(directory.asked).toEqual(['carl']);
  });

  test('that is known is that of the user as it stands now', async () => {
    const before = await check('dora', 'dora');
    await accounts.users.change('dora', { disabled: true }, AUTHOR);
    await accounts.users.change('dora', { disabled: false }, AUTHOR);
    const after = await logins.recall('dora', 'dora');
    expect(after?.version).toBeGreaterThan(before?.version ?? 0);
    await accounts.users.remove('dora', AUTHOR);
    expect(await logins.recall('dora', 'dora')).toBeUndefined();
  });
});

describe('a wrong password', () => {
  test('is one mistake for five minutes, as clients show it again and again', async () => {
    for (let count = 0; count < 3; count += 1) expect(await check('erna', 'wrong')).toBeUndefined();
    expect(directory.asked).toEqual(['erna']);
    expect(await check('erna', 'erna')).toMatchObject({ name: 'erna' });
    clock.advance(5 * 60_000);
    expect(await check('erna', 'wrong')).toBeUndefined();
    expect(directory.asked).toEqual(['erna', 'erna', 'erna']);
  });

  test('makes no user', async () => {
    await check('nobody', 'wrong');
    await expect(accounts.users.find('nobody')).rejects.toThrow('there is no user');
  });
});

describe('groups', () => {
  test('are found by their DN or name in the directory, in capitals or not', async () => {
    const names = { one: 'cn=Writers,ou=groups,dc=example,dc=com', two: 'readers', three: 'others', four: null };
    for (const [name, externalName] of Object.entries(names)) {
      await accounts.groups.add({ name, externalName, administrator: false }, AUTHOR);
    }
    const membersOf = async (group: string) => await accounts.groups.listMembers(group, { last: '', limit: 10 });
    directory.groups = ['CN=writers,OU=groups,DC=example,DC=com', 'Readers', 'four'];
    await check('fred', 'fred');
    expect(await Promise.all(Object.keys(names).map(membersOf))).toEqual([
      [{ user: 'fred', source: 'login' }],
      [{ user: 'fred', source: 'login' }],
      [],
      [],
    ]);
    clock.advance(60_000);
    directory.groups = [];
    await check('fred', 'fred');
    expect(await membersOf('one')).toEqual([]);
  });
});

describe('a directory', () => {
  const unreachable = new DirectoryUnreachable('ldap://directory.example.com, connecting: connect ECONNREFUSED');

  test('that cannot say makes a login fail, with the reason for the log', async () => {
    directory.blockage = Promise.reject(unreachable);
    const error = await check('gina', 'gina').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', cause: unreachable });
    expect(String(error)).not.toContain('ECONNREFUSED');
    directory.blockage = Promise.resolve();
    expect(await check('gina', 'gina')).toMatchObject({ name: 'gina' });
  });

  test('that cannot say makes a wrong password of a user here no less wrong', async () => {
    await accounts.users.add({ name: 'hugo', password: 'hugo-password', administrator: false }, AUTHOR);
    directory.blockage = Promise.reject(unreachable);
    expect(await check('hugo', 'wrong')).toBeUndefined();
  });

  test('is not asked by ever more at once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    directory.blockage = promise;
    const names = Array.from({ length: 41 }, (_, index) => `user-${index}`);
    const attempts = names.map((name) => check(name, name).catch((reason: unknown) => reason));
    expect(await attempts[40]).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(directory.asked).toHaveLength(8);
    resolve();
    const found = await Promise.all(attempts.slice(0, 40));
    expect(found.map((user) => (user as UserPrincipal).name)).toEqual(names.slice(0, 40));
  });
});
