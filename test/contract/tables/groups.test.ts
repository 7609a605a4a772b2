// Groups and their members: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation, type Database } from '../../../src/ports/database.ts';
import { listGrantsOf } from '../../../src/tables/grants.ts';
import {
  deleteGroup,
  deleteMember,
  deleteMemberFromLogin,
  findGroup,
  findGroupByExternalName,
  insertGroup,
  insertMember,
  listGroups,
  listGroupsFromLogin,
  listGroupsOf,
  listMembers,
  type MemberRow,
  updateGroup,
} from '../../../src/tables/groups.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { addGrants, addGroups, addMembers, addUsers, countRows, NAMES_IN_BYTE_ORDER } from './account-rows.ts';
import { pagesOf } from './rows.ts';

const NOW = 1_790_000_000_000;
const OPS = { name: 'ops', externalName: 'cn=ops', administrator: true };

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('groups', () => {
      test('a new group is found as it was written, by its name and by the one that it has elsewhere', async () => {
        await using opened = await open();
        const { database } = opened;
        expect(await database.transaction((tx) => insertGroup(tx, OPS, NOW))).toBe(true);
        const found = await findGroup(database, 'ops');
        expect(found).toEqual({ name: 'ops', externalName: 'cn=ops', administrator: 1, createdAt: NOW });
        expect(await findGroupByExternalName(database, 'cn=ops')).toEqual(found);
        expect(await findGroup(database, 'cn=ops')).toBeUndefined();
        expect(await findGroupByExternalName(database, 'ops')).toBeUndefined();
      });

      test('a name, and one elsewhere, is given once; any number of groups has none elsewhere', async () => {
        await using opened = await open();
        const { database } = opened;
        const inserted = await database.transaction(async (tx) => [
          await insertGroup(tx, OPS, 1),
          await insertGroup(tx, { ...OPS, externalName: 'cn=other' }, 2),
          await insertGroup(tx, { ...OPS, name: 'other' }, 2),
          await insertGroup(tx, { name: 'a', externalName: null, administrator: false }, 2),
          await insertGroup(tx, { name: 'b', externalName: null, administrator: false }, 2),
        ]);
        expect(inserted).toEqual([true, false, false, true, true]);
        expect(await findGroup(database, 'ops')).toMatchObject({ externalName: 'cn=ops', createdAt: 1 });
        expect(await findGroup(database, 'other')).toBeUndefined();
      });

      test('they are listed in byte order, in pages', async () => {
        await using opened = await open();
        const { database } = opened;
        await addGroups(database, ...NAMES_IN_BYTE_ORDER.toReversed());
        const listed = await pagesOf<{ readonly name: string }>((last) =>
          listGroups(database, { last: last?.name ?? '', limit: 4 }),
        );
        expect(listed.map((page) => page.map(({ name }) => name))).toEqual([
          NAMES_IN_BYTE_ORDER.slice(0, 4),
          NAMES_IN_BYTE_ORDER.slice(4, 8),
          NAMES_IN_BYTE_ORDER.slice(8),
        ]);
      });

      test('a change replaces the name elsewhere and whether it administrates, of one group', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => insertGroup(tx, OPS, 1));
        await addGroups(database, 'team');
        const updated = await database.transaction(async (tx) => [
          await updateGroup(tx, { name: 'ops', externalName: null, administrator: false }),
          await updateGroup(tx, { name: 'team', externalName: 'cn=ops', administrator: true }),
          await updateGroup(tx, { name: 'nobody', externalName: null, administrator: true }),
        ]);
        expect(updated).toEqual([true, true, false]);
        expect(await listGroups(database, { last: '', limit: 10 })).toEqual([
          { name: 'ops', externalName: null, administrator: 0, createdAt: 1 },
          { name: 'team', externalName: 'cn=ops', administrator: 1, createdAt: 1 },
        ]);
      });

      test('a change to a name elsewhere that another group has is refused', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => insertGroup(tx, OPS, 1));
        await addGroups(database, 'team');
        const updating = database.transaction((tx) => updateGroup(tx, { ...OPS, name: 'team' }));
        await expect(updating).rejects.toThrow(ConstraintViolation);
        expect(await findGroup(database, 'team')).toMatchObject({ externalName: null, administrator: 0 });
      });

      test('deleting takes along roles and members; a name that is given again comes with nothing', async () => {
        await using opened = await openWithMembers(open);
        const { database } = opened;
        await addGrants(
          database,
          { holder: 'group', name: 'ops', namespace: 'team', role: 'maintainer' },
          { holder: 'group', name: 'team', namespace: 'team', role: 'reader' },
        );
        const deleted = await database.transaction(async (tx) => [
          await deleteGroup(tx, 'ops'),
          await deleteGroup(tx, 'ops'),
        ]);
        expect(deleted).toEqual([true, false]);
        expect([await countRows(database, 'group_members'), await countRows(database, 'group_grants')]).toEqual([2, 1]);
        await addGroups(database, 'ops');
        expect(await listMembers(database, 'ops', { last: '', limit: 10 })).toEqual([]);
        expect(await listGrantsOf(database, 'ann')).toEqual([{ namespace: 'team', role: 'reader' }]);
        expect(await listGrantsOf(database, 'bob')).toEqual([]);
        expect(await countRows(database, 'users')).toBe(3);
      });
    });

    describe('members', () => {
      test('one is made once by each, and the same by both', async () => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann');
        await addGroups(database, 'ops');
        const member = { group: 'ops', user: 'ann' };
        const inserted = await database.transaction(async (tx) => [
          await insertMember(tx, { ...member, source: 'login' }),
          await insertMember(tx, { ...member, source: 'login' }),
          await insertMember(tx, { ...member, source: 'local' }),
          await insertMember(tx, { ...member, source: 'local' }),
        ]);
        expect(inserted).toEqual([true, false, true, false]);
      });

      test.each([
        { group: 'ops', user: 'nobody' },
        { group: 'nobody', user: 'ann' },
        { group: 'ann', user: 'ops' },
      ])('$user cannot be put into $group, since one of them is missing', async (member) => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann');
        await addGroups(database, 'ops');
        const inserting = database.transaction((tx) => insertMember(tx, { ...member, source: 'local' }));
        await expect(inserting).rejects.toThrow(ConstraintViolation);
      });

      test('members of one group are listed in pages, each once, by an administrator where by both', async () => {
        await using opened = await openWithMembers(open);
        const { database } = opened;
        const all: MemberRow[] = [
          { user: 'ann', source: 'local' },
          { user: 'bob', source: 'login' },
          { user: 'cem', source: 'local' },
        ];
        for (const limit of [1, 2, 3]) {
          const listed = await pagesOf<MemberRow>((last) =>
            listMembers(database, 'ops', { last: last?.user ?? '', limit }),
          );
          expect(listed.flat()).toEqual(all);
          expect(listed[0]).toHaveLength(limit);
        }
        expect(await listMembers(database, 'nobody', { last: '', limit: 10 })).toEqual([]);
      });

      test('the groups of a user are listed in byte order, each once', async () => {
        await using opened = await openWithMembers(open);
        const { database } = opened;
        const names = async (user: string) => (await listGroupsOf(database, user)).map(({ name }) => name);
        expect(await names('ann')).toEqual(['ops', 'team']);
        expect(await names('bob')).toEqual(['ops']);
        expect(await names('nobody')).toEqual([]);
        expect(await listGroupsOf(database, 'bob')).toEqual([await findGroup(database, 'ops')]);
      });

      test('who is taken out is out, whoever put them in', async () => {
        await using opened = await openWithMembers(open);
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => [
          await deleteMember(tx, { group: 'ops', user: 'ann' }),
          await deleteMember(tx, { group: 'ops', user: 'ann' }),
          await deleteMember(tx, { group: 'team', user: 'bob' }),
        ]);
        expect(deleted).toEqual([true, false, false]);
        expect(await listMembers(database, 'ops', { last: '', limit: 10 })).toEqual([
          { user: 'bob', source: 'login' },
          { user: 'cem', source: 'local' },
        ]);
        expect(await listMembers(database, 'team', { last: '', limit: 10 })).toHaveLength(2);
      });

      test('what a login took part in is known, and ended without touching what an administrator did', async () => {
        await using opened = await openWithMembers(open);
        const { database } = opened;
        expect(await listGroupsFromLogin(database, 'ann')).toEqual(['ops', 'team']);
        expect(await listGroupsFromLogin(database, 'cem')).toEqual([]);
        await database.transaction(async (tx) => {
          await deleteMemberFromLogin(tx, 'ops', 'ann');
          await deleteMemberFromLogin(tx, 'ops', 'cem');
          await deleteMemberFromLogin(tx, 'team', 'bob');
        });
        expect(await listGroupsFromLogin(database, 'ann')).toEqual(['team']);
        expect(await listGroupsFromLogin(database, 'bob')).toEqual(['ops']);
        expect((await listMembers(database, 'ops', { last: '', limit: 10 })).map(({ user }) => user)).toEqual([
          'ann',
          'bob',
          'cem',
        ]);
      });
    });
  });
}

/** ann is in both groups, and twice so in `ops`. */
async function openWithMembers(open: () => Promise<AsyncDisposable & { readonly database: Database }>) {
  const opened = await open();
  await addUsers(opened.database, 'ann', 'bob', 'cem');
  await addGroups(opened.database, 'team', 'ops');
  await addMembers(
    opened.database,
    ['ops', 'ann', 'login'],
    ['ops', 'ann', 'local'],
    ['ops', 'bob', 'login'],
    ['ops', 'cem', 'local'],
    ['team', 'ann', 'login'],
    ['team', 'cem', 'local'],
  );
  return opened;
}
