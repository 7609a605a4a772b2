// What migration 0002 makes of a database that the first version wrote: everything is kept.
import { afterAll, describe, expect, test } from 'vitest';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import type { Database } from '../../src/ports/database.ts';
import { readAccessRevision } from '../../src/tables/access-revision.ts';
import { insertEvent, listEvents } from '../../src/tables/events.ts';
import { listGrants } from '../../src/tables/grants.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { deleteUser, findUser, findUserById, hasAdministrator, insertUser, listUsers } from '../../src/tables/users.ts';
import { DATABASES, stopDatabases } from './databases.ts';

const NOW = 1_790_000_000_000;
const FIRST_VERSION = `
  insert into users (name, password_hash, administrator, created_at, updated_at) values
    ('admin', 'hash of admin', 1, ${NOW}, ${NOW + 1}),
    ('ann', 'hash of ann', 0, ${NOW + 2}, ${NOW + 3}),
    ('bob', 'hash of bob', 0, ${NOW + 4}, ${NOW + 5});
  insert into grants (principal_kind, principal, namespace, role, granted_at) values
    ('user', 'ann', '', 'reader', ${NOW}),
    ('user', 'ann', 'team/web', 'maintainer', ${NOW + 1}),
    ('user', 'bob', 'team', 'writer', ${NOW + 2}),
    ('user', 'gone', 'team', 'maintainer', ${NOW + 3});
  insert into namespaces (path, visibility, updated_at) values ('team', 'public', ${NOW});
  insert into events (at, kind, actor, repository, tag, digest, detail) values
    (${NOW}, 'user.added', 'first start', '', null, null, '{"user":"admin"}'),
    (${NOW + 1}, 'tag.set', 'gone', 'team/web', '1.0.0', 'sha256:1', '{}'),
    (${NOW + 2}, 'tag.set', 'ann', 'team/web', '1.1.0', 'sha256:2', '{}');
  delete from events where id = 3;`;

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const openMigratedFromFirst = async () => {
      const opened = await kind.openEmpty();
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      await migrate(database, migrations.slice(0, 1), 1);
      await database.transaction((tx) => tx.script(FIRST_VERSION));
      expect(await migrate(database, migrations.slice(0, 2), 2)).toEqual(['0002-access']);
      return opened;
    };
    const users = async (database: Database) => await listUsers(database, { last: '', limit: 10 });

    test('users keep their passwords and what they are, and get an id each', async () => {
      await using opened = await openMigratedFromFirst();
      const { database } = opened;
      const kept = { login: 'password', version: 1, disabled: 0, issuer: null, subject: null, lastLoginAt: null };
      const rows = await users(database);
      expect(rows.map(({ id: _, ...row }) => row)).toEqual([
        { ...kept, name: 'admin', passwordHash: 'hash of admin', administrator: 1, createdAt: NOW },
        { ...kept, name: 'ann', passwordHash: 'hash of ann', administrator: 0, createdAt: NOW + 2 },
        { ...kept, name: 'bob', passwordHash: 'hash of bob', administrator: 0, createdAt: NOW + 4 },
      ]);
      expect(await database.query('select updated_at as at from users order by name')).toEqual([
        { at: NOW + 1 },
        { at: NOW + 3 },
        { at: NOW + 5 },
      ]);
      expect(await hasAdministrator(database)).toBe(true);
      expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
      for (const row of rows) {
        expect(row.id).toMatch(/^[0-9a-f]{32}$/);
        expect(await findUserById(database, row.id)).toEqual(row);
      }
    });

    test('the ids of one database are not those of another', async () => {
      const ids: string[] = [];
      for (let round = 0; round < 2; round += 1) {
        await using opened = await openMigratedFromFirst();
        ids.push(...(await users(opened.database)).map(({ id }) => id));
      }
      expect(new Set(ids).size).toBe(6);
    });

    test('grants are kept, but for those of users who are gone', async () => {
      await using opened = await openMigratedFromFirst();
      const { database } = opened;
      expect(await listGrants(database, {}, { after: undefined, limit: 10 })).toEqual([
        { holder: 'user', name: 'ann', namespace: '', role: 'reader' },
        { holder: 'user', name: 'ann', namespace: 'team/web', role: 'maintainer' },
        { holder: 'user', name: 'bob', namespace: 'team', role: 'writer' },
      ]);
      expect(await database.query('select granted_at as at from user_grants order by user_name, namespace')).toEqual([
        { at: NOW },
        { at: NOW + 1 },
        { at: NOW + 2 },
      ]);
      // They are tied to the users as those that are given from now on.
      await database.transaction((tx) => deleteUser(tx, 'ann'));
      expect(await listGrants(database, {}, { after: undefined, limit: 10 })).toHaveLength(1);
    });

    test('events stay readable and found, and new ones go on with the numbers', async () => {
      await using opened = await openMigratedFromFirst();
      const { database } = opened;
      const unknown = { actorKind: '', credential: '', clientAddress: '', userAgent: '', outcome: 'allowed' } as const;
      const first = {
        ...unknown,
        at: NOW,
        kind: 'user.added',
        actor: 'first start',
        repository: '',
        tag: null,
        digest: null,
        detail: '{"user":"admin"}',
      };
      const second = {
        ...unknown,
        at: NOW + 1,
        kind: 'tag.set',
        actor: 'gone',
        repository: 'team/web',
        tag: '1.0.0',
        digest: 'sha256:1',
        detail: '{}',
      };
      await database.transaction((tx) => insertEvent(tx, { ...second, outcome: 'refused' }));
      const list = (filter: Parameters<typeof listEvents>[1]) =>
        listEvents(database, filter, { before: undefined, limit: 10 });
      expect(await list({})).toEqual([
        // 3 was given before.
        { ...second, id: 4, outcome: 'refused' },
        { ...second, id: 2 },
        { ...first, id: 1 },
      ]);
      expect(await list({ outcome: 'allowed', repository: 'team' })).toEqual([{ ...second, id: 2 }]);
      expect(await list({ actor: 'first start', kind: 'user' })).toEqual([{ ...first, id: 1 }]);
    });

    test('what is public stays so, and the rest begins', async () => {
      await using opened = await openMigratedFromFirst();
      const { database } = opened;
      expect(await database.query('select path, visibility from namespaces')).toEqual([
        { path: 'team', visibility: 'public' },
      ]);
      expect(await readAccessRevision(database)).toBe(1);
      const external = { login: 'provider', passwordHash: null, issuer: 'https://id.example.com' } as const;
      const added = { ...external, name: 'cem', id: 'id of cem', subject: '7', administrator: false };
      expect(await database.transaction((tx) => insertUser(tx, added, NOW))).toBe(true);
      expect(await findUser(database, 'cem')).toMatchObject({ ...external, subject: '7' });
    });
  });
}
