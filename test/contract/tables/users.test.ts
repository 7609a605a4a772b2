// Users: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { listGrantsOf } from '../../../src/tables/grants.ts';
import { listGroupsOf } from '../../../src/tables/groups.ts';
import { listPersonalTokens } from '../../../src/tables/personal-tokens.ts';
import { findSecret } from '../../../src/tables/secrets.ts';
import {
  deleteUser,
  findUser,
  findUserById,
  findUserBySubject,
  hasAdministrator,
  hasUsers,
  insertUser,
  listUsers,
  setLastLogin,
  updateUser,
} from '../../../src/tables/users.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import {
  addGrants,
  addGroups,
  addMembers,
  addSecret,
  addTokens,
  addUsers,
  countRows,
  NAMES_IN_BYTE_ORDER,
  personalToken,
  user,
} from './account-rows.ts';
import { pagesOf } from './rows.ts';

/** Later than what 32 bits hold. */
const NOW = 1_790_000_000_000;
const ELSEWHERE = { login: 'provider', passwordHash: null, issuer: 'https://id.example.com', subject: '7' } as const;

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('a new user is found as it was written, by name and by id', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await hasUsers(database)).toBe(false);
      expect(await database.transaction((tx) => insertUser(tx, user('ann'), NOW))).toBe(true);
      expect(await hasUsers(database)).toBe(true);
      const found = await findUser(database, 'ann');
      expect(found).toEqual({
        name: 'ann',
        id: 'id of ann',
        version: 1,
        login: 'password',
        passwordHash: 'hash of ann',
        issuer: null,
        subject: null,
        administrator: 0,
        disabled: 0,
        createdAt: NOW,
        lastLoginAt: null,
      });
      expect(await findUserById(database, 'id of ann')).toEqual(found);
      expect(await findUser(database, 'Ann')).toBeUndefined();
      expect(await findUserById(database, 'ann')).toBeUndefined();
    });

    test('a name and an id are given once, and the first user stays as it was', async () => {
      await using opened = await open();
      const { database } = opened;
      const inserted = await database.transaction(async (tx) => [
        await insertUser(tx, user('ann'), 1),
        await insertUser(tx, user('ann', { id: 'other', passwordHash: 'other', administrator: true }), 2),
        await insertUser(tx, user('bob', { id: 'id of ann' }), 2),
      ]);
      expect(inserted).toEqual([true, false, false]);
      expect(await listUsers(database, { last: '', limit: 10 })).toEqual([
        expect.objectContaining({ id: 'id of ann', passwordHash: 'hash of ann', administrator: 0, createdAt: 1 }),
      ]);
    });

    test('who somebody is elsewhere belongs to one user', async () => {
      await using opened = await open();
      const { database } = opened;
      const inserted = await database.transaction(async (tx) => [
        await insertUser(tx, user('ann', ELSEWHERE), 1),
        await insertUser(tx, user('bob', ELSEWHERE), 1),
        await insertUser(tx, user('bob', { ...ELSEWHERE, issuer: 'https://other.example.com' }), 1),
        await insertUser(tx, user('cem', { ...ELSEWHERE, subject: '8' }), 1),
        // Nobody elsewhere: as often as wanted.
        await insertUser(tx, user('dan'), 1),
        await insertUser(tx, user('eva'), 1),
      ]);
      expect(inserted).toEqual([true, false, true, true, true, true]);
      expect(await findUserBySubject(database, ELSEWHERE.issuer, '7')).toMatchObject({ name: 'ann', ...ELSEWHERE });
      expect(await findUserBySubject(database, 'https://other.example.com', '7')).toMatchObject({ name: 'bob' });
      expect(await findUserBySubject(database, ELSEWHERE.issuer, '8')).toMatchObject({ name: 'cem' });
      expect(await findUserBySubject(database, 'https://other.example.com', '8')).toBeUndefined();
    });

    test('they are listed in byte order, in pages', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, ...NAMES_IN_BYTE_ORDER.toReversed());
      const listed = await pagesOf<{ readonly name: string }>((last) =>
        listUsers(database, { last: last?.name ?? '', limit: 4 }),
      );
      expect(listed.map((page) => page.map(({ name }) => name))).toEqual([
        NAMES_IN_BYTE_ORDER.slice(0, 4),
        NAMES_IN_BYTE_ORDER.slice(4, 8),
        NAMES_IN_BYTE_ORDER.slice(8),
      ]);
    });

    test('there is an administrator as long as one is not disabled', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, 'bob');
      expect(await hasAdministrator(database)).toBe(false);
      await database.transaction((tx) => insertUser(tx, user('ann', { administrator: true }), 1));
      expect(await hasAdministrator(database)).toBe(true);
      await database.transaction((tx) => updateUser(tx, 'ann', { disabled: true, ends: true }, 2));
      expect(await hasAdministrator(database)).toBe(false);
    });

    test.each([
      { change: { passwordHash: 'new', ends: true }, expected: { passwordHash: 'new', version: 2 } },
      { change: { administrator: false, ends: false }, expected: { administrator: 0 } },
      { change: { disabled: true, ends: true }, expected: { disabled: 1, version: 2 } },
      { change: { ends: true }, expected: { version: 2 } },
      { change: { ends: false }, expected: {} },
    ])('changing $change changes this and nothing else, of one user', async ({ change, expected }) => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        for (const name of ['ann', 'bob']) await insertUser(tx, user(name, { administrator: true }), 1);
      });
      const before = await listUsers(database, { last: '', limit: 10 });
      expect(await database.transaction((tx) => updateUser(tx, 'ann', change, NOW))).toBe(true);
      expect(await listUsers(database, { last: '', limit: 10 })).toEqual([{ ...before[0], ...expected }, before[1]]);
      expect(await database.query('select name, updated_at from users order by name')).toEqual([
        { name: 'ann', updated_at: NOW },
        { name: 'bob', updated_at: 1 },
      ]);
    });

    test('a user who was disabled can be enabled again, and an administrator be made of anybody', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, 'ann');
      const updated = await database.transaction(async (tx) => [
        await updateUser(tx, 'ann', { disabled: true, ends: true }, 2),
        await updateUser(tx, 'ann', { disabled: false, administrator: true, ends: false }, 3),
        await updateUser(tx, 'nobody', { disabled: true, ends: true }, 3),
      ]);
      expect(updated).toEqual([true, true, false]);
      expect(await findUser(database, 'ann')).toMatchObject({ disabled: 0, administrator: 1, version: 2 });
    });

    test('the last login is that of the user with this id', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, 'ann', 'bob');
      await database.transaction(async (tx) => {
        await setLastLogin(tx, 'id of ann', NOW);
        // Of a user who is gone by now.
        await setLastLogin(tx, 'id of nobody', NOW);
      });
      expect(await findUser(database, 'ann')).toMatchObject({ lastLoginAt: NOW });
      expect(await findUser(database, 'bob')).toMatchObject({ lastLoginAt: null });
    });

    test('deleting takes along what the user had, and leaves what others have', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, 'ann', 'bob');
      await addGroups(database, 'team');
      for (const name of ['ann', 'bob']) {
        await addMembers(database, ['team', name, 'local'], ['team', name, 'login']);
        await addGrants(
          database,
          { holder: 'user', name, namespace: '', role: 'reader' },
          { holder: 'user', name, namespace: 'team', role: 'writer' },
        );
        await addTokens(database, personalToken(`token of ${name}`, { user: name }));
        await addSecret(database, `secret of ${name}`, { personalToken: `token of ${name}` });
      }
      const counts = async () =>
        await Promise.all(
          ['user_grants', 'group_members', 'personal_tokens', 'secrets', 'groups'].map((table) =>
            countRows(database, table),
          ),
        );
      expect(await counts()).toEqual([4, 4, 2, 2, 1]);
      const deleted = await database.transaction(async (tx) => [
        await deleteUser(tx, 'ann'),
        await deleteUser(tx, 'ann'),
      ]);
      expect(deleted).toEqual([true, false]);
      expect(await counts()).toEqual([2, 2, 1, 1, 1]);
      expect(await findSecret(database, 'secret of bob')).toBeDefined();
      expect(await listGrantsOf(database, 'bob')).toHaveLength(2);
      expect(await findUser(database, 'bob')).toBeDefined();
    });

    test('a name that is given again comes with nothing of who had it before', async () => {
      await using opened = await open();
      const { database } = opened;
      await addUsers(database, 'ann');
      await addGroups(database, 'team');
      await addMembers(database, ['team', 'ann', 'local']);
      await addGrants(database, { holder: 'user', name: 'ann', namespace: 'team', role: 'maintainer' });
      await addTokens(database, personalToken('1'));
      await addSecret(database, 's1', { personalToken: '1' });
      await database.transaction(async (tx) => {
        await updateUser(tx, 'ann', { disabled: true, ends: true }, 2);
        await deleteUser(tx, 'ann');
        await insertUser(tx, user('ann', { id: 'another id' }), 3);
      });
      expect(await findUser(database, 'ann')).toMatchObject({
        id: 'another id',
        version: 1,
        disabled: 0,
        createdAt: 3,
      });
      expect(await findUserById(database, 'id of ann')).toBeUndefined();
      expect(await listGroupsOf(database, 'ann')).toEqual([]);
      expect(await listGrantsOf(database, 'ann')).toEqual([]);
      expect(await listPersonalTokens(database, 'ann', { last: '', limit: 10 })).toEqual([]);
      expect(await findSecret(database, 's1')).toBeUndefined();
    });
  });
}
