// The migrations: the same for every database, applied once, and refused by an older program.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { DATABASES, openMigrated, stopDatabases } from './databases.ts';
import { describeTables } from './describe-tables.ts';

afterAll(stopDatabases);

test('both databases have migrations of the same numbers and names, without a gap', async () => {
  const [sqlite, postgres] = await Promise.all([readMigrations('sqlite'), readMigrations('postgres')]);
  const named = (migrations: typeof sqlite) => migrations.map(({ number, name }) => `${number} ${name}`);
  expect(named(sqlite)).toEqual(named(postgres));
  expect(sqlite.map(({ number }) => number)).toEqual(sqlite.map((_, index) => index + 1));
});

test('both databases get the same tables, columns, keys and indexes', async () => {
  const described = await Promise.all(
    DATABASES.map(async (kind) => {
      await using opened = await openMigrated(kind);
      return await describeTables(opened.database);
    }),
  );
  const [first, ...others] = described;
  expect(first?.map(({ name }) => name)).toContain('manifests');
  for (const tables of others) expect(tables).toEqual(first);
});

test('what is read of the tables is what they are', async () => {
  for (const kind of DATABASES) {
    await using opened = await kind.openEmpty();
    await opened.database.transaction((tx) =>
      tx.script(`
        create table parents (one text not null, two text not null, primary key (two, one));
        create table children (
          one text not null, two text, kind bigint not null check (kind in (0, 1)),
          foreign key (two, one) references parents (two, one) on delete cascade);
        create index children_by_two on children (two, one) where two is not null;
        create unique index children_by_kind on children (kind);`),
    );
    const text = { type: 'text', isNullable: false, isChecked: false };
    expect(await describeTables(opened.database), kind.name).toEqual([
      {
        name: 'children',
        columns: [
          { ...text, name: 'one' },
          { ...text, name: 'two', isNullable: true },
          { name: 'kind', type: 'integer', isNullable: false, isChecked: true },
        ],
        primaryKey: [],
        foreignKeys: ['two, one -> parents (two, one) cascade'],
        indexes: ['children_by_two (two, one) of some rows', 'unique children_by_kind (kind)'],
      },
      {
        name: 'parents',
        columns: [
          { ...text, name: 'one' },
          { ...text, name: 'two' },
        ],
        primaryKey: ['two', 'one'],
        foreignKeys: [],
        indexes: [],
      },
    ]);
  }
});

test('PostgreSQL compares the text of every key and index byte by byte, as SQLite does', async () => {
  const postgres = DATABASES.find(({ name }) => name === 'PGlite');
  if (!postgres) throw new Error('there is no PGlite');
  await using opened = await openMigrated(postgres);
  const columns = await opened.database.query<{ name: string; collation: string }>(
    `select distinct attrelid::regclass || '.' || attname as name, collname as collation
     from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey)
       join pg_collation on pg_collation.oid = attcollation
     where attrelid::regclass::text in (select table_name from information_schema.tables where table_schema = 'public')
       and attrelid::regclass::text <> 'schema_migrations'`,
  );
  expect(columns.length).toBeGreaterThan(20);
  const others = columns.filter(({ collation }) => collation !== 'C').map(({ name }) => name);
  // Digests of one length and one alphabet, and words of a closed set, which are never sorted by.
  expect(others.toSorted()).toEqual(['charts.config_digest', 'charts.content_digest']);
});

for (const kind of DATABASES) {
  describe(kind.name, () => {
    test('migrating a second time changes nothing', async () => {
      await using opened = await kind.openEmpty();
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      const applied = await migrate(database, migrations, 5);
      expect(applied).toContain('0001-init');
      const tables = await describeTables(database);
      expect(await migrate(database, migrations, 6)).toEqual([]);
      expect(await describeTables(database)).toEqual(tables);
      const rows = await database.query('select number, name, applied_at from schema_migrations order by number');
      expect(rows).toEqual(migrations.map(({ number, name }) => ({ number, name, applied_at: 5 })));
    });

    test('only what is missing is applied, in order', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      const next = migrations.length + 1;
      const applied = await migrate(
        database,
        [
          ...migrations,
          { number: next, name: 'crates', script: 'create table crates (name text);' },
          { number: next + 1, name: 'lids', script: 'alter table crates add lid text;' },
        ],
        6,
      );
      expect(applied).toEqual([`000${next}-crates`, `000${next + 1}-lids`]);
      expect(await database.query('select name, lid from crates')).toEqual([]);
    });

    test('of migrations that fail, none is applied', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const before = await describeTables(database);
      const migrations = await readMigrations(database.dialect);
      const next = migrations.length + 1;
      const migrating = migrate(
        database,
        [
          ...migrations,
          { number: next, name: 'good', script: 'create table crates (name text);' },
          { number: next + 1, name: 'bad', script: 'create table lids (name text); insert into nowhere values (1);' },
        ],
        6,
      );
      await expect(migrating).rejects.toThrow('nowhere');
      expect(await describeTables(database)).toEqual(before);
      expect(await migrate(database, migrations, 7)).toEqual([]);
    });

    test('a database that a newer program has changed is refused and left alone', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      const newer = { number: migrations.length + 1, name: 'newer', script: 'create table crates (name text);' };
      await migrate(database, [...migrations, newer], 6);
      const before = await describeTables(database);
      const migrating = migrate(database, migrations, 7);
      await expect(migrating).rejects.toThrow(StorageUnusable);
      await expect(migrating).rejects.toThrow(
        `the database is at version ${newer.number}, this Chartroom knows versions up to ${migrations.length}: it was used by a newer`,
      );
      expect(await describeTables(database)).toEqual(before);
    });

    test('of programs that migrate at once, one does and the others find it done', async () => {
      await using opened = await kind.openEmpty();
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      const applied = await Promise.all([1, 2, 3].map((now) => migrate(database, migrations, now)));
      expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    });
  });
}

test('programs that open one new database at once, as commands do, all find it migrated', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'data'));
  // As a server leaves it that died before its first migration: commands do not make one.
  await openSqliteDatabase(join(folder.path, 'data', 'chartroom.db')).close();
  const options = { folder: folder.path };
  const ended = await Promise.all([1, 2, 3, 4].map(() => runChartroom(['namespace', 'list'], options)));
  const stdout = 'PATH  VISIBILITY  FLOATING TAGS  ARTIFACT HUB\n/     private     false          -\n';
  const success = { code: 0, signal: null, stdout, stderr: '' };
  expect(ended).toEqual([success, success, success, success]);
});
