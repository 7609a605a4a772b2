// Users, their grants, the visibility of namespaces, and events: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { insertEvent } from '../../../src/tables/events.ts';
import {
  deleteGrant,
  deleteGrantsOf,
  findNamespaces,
  listGrants,
  listNamespaces,
  putGrant,
  putNamespace,
} from '../../../src/tables/grants.ts';
import { deleteUser, findUser, hasUsers, insertUser, listUsers, updatePassword } from '../../../src/tables/users.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, V1, WEB } from './rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('users', () => {
      const user = { name: 'ci', passwordHash: 'hash', administrator: false };

      test('a name is given once', async () => {
        await using opened = await open();
        const { database } = opened;
        expect(await hasUsers(database)).toBe(false);
        const inserted = await database.transaction(async (tx) => [
          await insertUser(tx, user, 1),
          await insertUser(tx, { ...user, passwordHash: 'other', administrator: true }, 2),
        ]);
        expect(inserted).toEqual([true, false]);
        expect(await hasUsers(database)).toBe(true);
        expect(await findUser(database, 'ci')).toEqual({
          name: 'ci',
          passwordHash: 'hash',
          administrator: 0,
        });
        expect(await findUser(database, 'CI')).toBeUndefined();
      });

      test('they are listed in byte order', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          for (const name of ['b', 'a_b', 'a.b', 'a']) await insertUser(tx, { ...user, name, administrator: true }, 1);
        });
        const users = await listUsers(database);
        expect(users.map(({ name }) => name)).toEqual(['a', 'a.b', 'a_b', 'b']);
        expect(users[0]?.administrator).toBe(1);
      });

      test('a new password is that of the one user', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await insertUser(tx, user, 1);
          await insertUser(tx, { ...user, name: 'other' }, 1);
        });
        const updated = await database.transaction(async (tx) => [
          await updatePassword(tx, 'ci', 'new', 2),
          await updatePassword(tx, 'nobody', 'new', 2),
        ]);
        expect(updated).toEqual([true, false]);
        expect(await findUser(database, 'ci')).toMatchObject({ passwordHash: 'new' });
        expect(await findUser(database, 'other')).toMatchObject({ passwordHash: 'hash' });
      });

      test('deleting says whether there was one', async () => {
        await using opened = await open();
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => {
          await insertUser(tx, user, 1);
          return [await deleteUser(tx, 'ci'), await deleteUser(tx, 'ci')];
        });
        expect(deleted).toEqual([true, false]);
        expect(await listUsers(database)).toEqual([]);
      });
    });

    describe('grants and namespaces', () => {
      const grants = [
        { user: 'a', namespace: '', role: 'reader' },
        { user: 'a', namespace: 'team', role: 'writer' },
        { user: 'b', namespace: 'team', role: 'maintainer' },
      ];
      const openWithGrants = async () => {
        const opened = await open();
        await opened.database.transaction(async (tx) => {
          for (const grant of grants.toReversed()) await putGrant(tx, grant, 1);
        });
        return opened;
      };

      test('grants are listed in byte order, of all users or of one', async () => {
        await using opened = await openWithGrants();
        expect(await listGrants(opened.database)).toEqual(grants);
        expect(await listGrants(opened.database, 'a')).toEqual(grants.slice(0, 2));
        expect(await listGrants(opened.database, 'nobody')).toEqual([]);
      });

      test('a user has one role at a place: a later one takes its place', async () => {
        await using opened = await openWithGrants();
        await opened.database.transaction((tx) => putGrant(tx, { user: 'a', namespace: 'team', role: 'reader' }, 2));
        expect(await listGrants(opened.database, 'a')).toEqual([grants[0], { ...grants[1], role: 'reader' }]);
      });

      test('a grant is taken away once, or all of a user at once', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => [
          await deleteGrant(tx, 'b', 'team'),
          await deleteGrant(tx, 'b', 'team'),
          await deleteGrant(tx, 'b', ''),
        ]);
        expect(deleted).toEqual([true, false, false]);
        expect(await listGrants(database)).toEqual(grants.slice(0, 2));
        await database.transaction((tx) => deleteGrantsOf(tx, 'a'));
        expect(await listGrants(database)).toEqual([]);
      });

      test('a path has one visibility, and only paths that were asked for are found', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await putNamespace(tx, { path: 'team', visibility: 'public' }, 1);
          await putNamespace(tx, { path: '', visibility: 'private' }, 1);
          await putNamespace(tx, { path: 'team/web', visibility: 'public' }, 1);
          await putNamespace(tx, { path: 'team/web', visibility: 'private' }, 2);
        });
        expect(await listNamespaces(database)).toEqual([
          { path: '', visibility: 'private' },
          { path: 'team', visibility: 'public' },
          { path: 'team/web', visibility: 'private' },
        ]);
        const found = await findNamespaces(database, ['', 'team', 'team/other']);
        expect(found.map(({ path }) => path).toSorted()).toEqual(['', 'team']);
      });
    });

    describe('events', () => {
      test('an event is stored as it was, with numbers that only grow', async () => {
        await using opened = await open();
        const { database } = opened;
        const event = { at: 1_790_000_000_000, kind: 'tag.set', actor: 'ci', repository: WEB, tag: V1, digest: FIRST };
        await database.transaction(async (tx) => {
          await insertEvent(tx, { ...event, detail: { name: 'ä' } });
          await insertEvent(tx, { ...event, tag: undefined, digest: undefined, detail: {} });
        });
        const rows = await database.query<{ id: number }>('select * from events order by id');
        expect(rows).toEqual([
          { id: 1, ...event, detail: '{"name":"ä"}' },
          { id: 2, ...event, tag: null, digest: null, detail: '{}' },
        ]);
        // A feed must never give a number again that somebody has seen.
        await database.transaction(async (tx) => {
          await tx.query('delete from events');
          await insertEvent(tx, { ...event, detail: {} });
        });
        expect(await database.query('select id from events')).toEqual([{ id: 3 }]);
      });
    });
  });
}
