// Who has which role where, and what is public: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import {
  deleteGrant,
  type GrantFilter,
  type GrantRow,
  listGrants,
  listGrantsOf,
  putGrant,
} from '../../../src/tables/grants.ts';
import { deleteNamespace, findNamespace, listNamespaces, putNamespace } from '../../../src/tables/namespaces.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { addGrants, addGroups, addMembers, addUsers } from './account-rows.ts';
import { pagesOf } from './rows.ts';

const NOW = 1_790_000_000_000;

/** In the order in which they are listed; `ops` is a user as well as a group. */
const GRANTS: readonly GrantRow[] = [
  { holder: 'user', name: 'ann', namespace: '', role: 'reader' },
  { holder: 'user', name: 'ann', namespace: 'team', role: 'writer' },
  { holder: 'user', name: 'ann', namespace: 'team-x', role: 'writer' },
  { holder: 'user', name: 'ann', namespace: 'team/web', role: 'maintainer' },
  { holder: 'user', name: 'ops', namespace: 'team', role: 'reader' },
  { holder: 'group', name: 'dev', namespace: 'team', role: 'writer' },
  { holder: 'group', name: 'ops', namespace: '', role: 'maintainer' },
  { holder: 'group', name: 'ops', namespace: 'team', role: 'maintainer' },
];

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = async () => {
      const opened = await openMigrated(kind);
      await addUsers(opened.database, 'ann', 'ops');
      await addGroups(opened.database, 'dev', 'ops');
      return opened;
    };
    const openWithGrants = async () => {
      const opened = await open();
      await addGrants(opened.database, ...GRANTS.toReversed());
      return opened;
    };
    const whole = { after: undefined, limit: 100 };

    describe('grants', () => {
      test('a holder has one role at a place: a later one takes its place', async () => {
        await using opened = await open();
        const { database } = opened;
        for (const holder of ['user', 'group'] as const) {
          const grant = { holder, name: 'ops', namespace: 'team', role: 'reader' };
          await database.transaction(async (tx) => {
            await putGrant(tx, grant, 1);
            await putGrant(tx, { ...grant, role: 'maintainer' }, NOW);
          });
          expect(await listGrants(database, { holder }, whole)).toEqual([{ ...grant, role: 'maintainer' }]);
          expect(await database.query(`select granted_at as at from ${holder}_grants`)).toEqual([{ at: NOW }]);
        }
      });

      test.each([
        { holder: 'user', name: 'dev', role: 'reader' },
        { holder: 'group', name: 'ann', role: 'reader' },
        { holder: 'user', name: 'ann', role: 'owner' },
        { holder: 'group', name: 'dev', role: 'owner' },
      ] as const)('the $holder $name cannot be $role', async (grant) => {
        await using opened = await open();
        const putting = opened.database.transaction((tx) => putGrant(tx, { ...grant, namespace: 'team' }, 1));
        await expect(putting).rejects.toThrow(ConstraintViolation);
        expect(await listGrants(opened.database, {}, whole)).toEqual([]);
      });

      test('one is taken away once, and those of the other kind of holder stay', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => [
          await deleteGrant(tx, { holder: 'group', name: 'ops', namespace: 'team' }),
          await deleteGrant(tx, { holder: 'group', name: 'ops', namespace: 'team' }),
          await deleteGrant(tx, { holder: 'user', name: 'ops', namespace: '' }),
          await deleteGrant(tx, { holder: 'user', name: 'ann', namespace: '' }),
        ]);
        expect(deleted).toEqual([true, false, false, true]);
        expect(await listGrants(database, {}, whole)).toEqual(GRANTS.slice(1, -1));
      });

      const filters: readonly { readonly filter: GrantFilter; readonly found: readonly number[] }[] = [
        { filter: {}, found: [0, 1, 2, 3, 4, 5, 6, 7] },
        { filter: { holder: 'user' }, found: [0, 1, 2, 3, 4] },
        { filter: { holder: 'group' }, found: [5, 6, 7] },
        { filter: { name: 'ops' }, found: [4, 6, 7] },
        { filter: { name: 'nobody' }, found: [] },
        { filter: { namespace: 'team' }, found: [1, 4, 5, 7] },
        { filter: { namespace: '' }, found: [0, 6] },
        { filter: { holder: 'group', name: 'ops' }, found: [6, 7] },
        { filter: { holder: 'user', name: 'ops', namespace: 'team' }, found: [4] },
        { filter: { holder: 'user', name: 'ops', namespace: '' }, found: [] },
      ];
      test.each(filters)('of $filter those are listed, in pages of every length', async ({ filter, found }) => {
        await using opened = await openWithGrants();
        const expected = found.map((index) => GRANTS[index]);
        for (const limit of [1, 2, 3, 4, 8, 9]) {
          const listed = await pagesOf<GrantRow>((after) => listGrants(opened.database, filter, { after, limit }));
          expect(listed.flat()).toEqual(expected);
          expect(listed.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        }
      });

      test('a listing goes on behind a grant that was taken away meanwhile', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        for (const [index, grant] of GRANTS.entries()) {
          await database.transaction((tx) => deleteGrant(tx, grant));
          expect(await listGrants(database, {}, { after: grant, limit: 100 })).toEqual(GRANTS.slice(index + 1));
        }
      });

      test('a user has what is granted to it and to its groups, and nothing else', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        await addMembers(database, ['ops', 'ann', 'local'], ['ops', 'ann', 'login']);
        expect(await listGrantsOf(database, 'ann')).toEqual([
          { namespace: '', role: 'maintainer' },
          { namespace: '', role: 'reader' },
          { namespace: 'team', role: 'maintainer' },
          { namespace: 'team', role: 'writer' },
          { namespace: 'team-x', role: 'writer' },
          { namespace: 'team/web', role: 'maintainer' },
        ]);
        // The user of a group's name is not in the group for it.
        expect(await listGrantsOf(database, 'ops')).toEqual([{ namespace: 'team', role: 'reader' }]);
        expect(await listGrantsOf(database, 'dev')).toEqual([]);
      });

      test('what a user has by itself and by its group is listed once', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        await addMembers(database, ['dev', 'ops', 'login'], ['ops', 'ops', 'local']);
        await addGrants(database, { holder: 'user', name: 'ops', namespace: 'team', role: 'writer' });
        expect(await listGrantsOf(database, 'ops')).toEqual([
          { namespace: '', role: 'maintainer' },
          { namespace: 'team', role: 'maintainer' },
          { namespace: 'team', role: 'writer' },
        ]);
      });
    });

    describe('namespaces', () => {
      test('a path has one visibility: a later one takes its place', async () => {
        await using opened = await openMigrated(kind);
        const { database } = opened;
        await database.transaction(async (tx) => {
          await putNamespace(tx, { path: 'team/web', visibility: 'public' }, 1);
          await putNamespace(tx, { path: 'team', visibility: 'public' }, 1);
          await putNamespace(tx, { path: 'team-x', visibility: 'public' }, 1);
          await putNamespace(tx, { path: '', visibility: 'private' }, 1);
          await putNamespace(tx, { path: 'team/web', visibility: 'private' }, NOW);
        });
        const unsaid = { floatingTags: null, artifactHub: null };
        expect(await listNamespaces(database)).toEqual([
          { path: '', visibility: 'private', ...unsaid },
          { path: 'team', visibility: 'public', ...unsaid },
          { path: 'team-x', visibility: 'public', ...unsaid },
          { path: 'team/web', visibility: 'private', ...unsaid },
        ]);
        expect(await database.query(`select updated_at as at from namespaces where path = 'team/web'`)).toEqual([
          { at: NOW },
        ]);
      });

      test('what a change leaves out stays as it was, and null says that it is as above', async () => {
        await using opened = await openMigrated(kind);
        const { database } = opened;
        const put = (change: Parameters<typeof putNamespace>[1]) =>
          database.transaction((tx) => putNamespace(tx, change, 1));
        await put({ path: 'team', floatingTags: 1 });
        expect(await findNamespace(database, 'team')).toEqual({
          ...{ path: 'team', visibility: null, floatingTags: 1, artifactHub: null },
        });
        await put({ path: 'team', visibility: 'public', artifactHub: '{"owners":[]}' });
        await put({ path: 'team', floatingTags: 0 });
        expect(await findNamespace(database, 'team')).toEqual({
          ...{ path: 'team', visibility: 'public', floatingTags: 0, artifactHub: '{"owners":[]}' },
        });
        await put({ path: 'team', visibility: null, artifactHub: null });
        expect(await findNamespace(database, 'team')).toEqual({
          ...{ path: 'team', visibility: null, floatingTags: 0, artifactHub: null },
        });
        expect(await findNamespace(database, 'tea')).toBeUndefined();
      });

      test.each([{ visibility: 'hidden' as 'public' }, { floatingTags: 2 }])('%o is no setting', async (change) => {
        await using opened = await openMigrated(kind);
        const putting = opened.database.transaction((tx) => putNamespace(tx, { path: 'team', ...change }, 1));
        await expect(putting).rejects.toThrow(ConstraintViolation);
      });

      test('a setting is taken away once, and those below and above it stay', async () => {
        await using opened = await openMigrated(kind);
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => {
          for (const path of ['', 'team', 'team/web']) await putNamespace(tx, { path, visibility: 'public' }, 1);
          return [
            await deleteNamespace(tx, 'team'),
            await deleteNamespace(tx, 'team'),
            await deleteNamespace(tx, 'nowhere'),
          ];
        });
        expect(deleted).toEqual([true, false, false]);
        expect((await listNamespaces(database)).map(({ path }) => path)).toEqual(['', 'team/web']);
        expect(await database.transaction((tx) => deleteNamespace(tx, ''))).toBe(true);
        expect((await listNamespaces(database)).map(({ path }) => path)).toEqual(['team/web']);
      });
    });
  });
}
