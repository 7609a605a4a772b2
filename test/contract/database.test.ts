// The port Database, on every adapter; and what SQLite alone must do.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import BetterSqlite from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { databaseContract } from './database.contract.ts';
import { DATABASES, stopDatabases } from './databases.ts';

afterAll(stopDatabases);

for (const { name, openEmpty } of DATABASES) describe(name, () => databaseContract(openEmpty));

describe('SQLite', () => {
  test('keeps a log of what is written, and leaves its sync to whoever commits', async () => {
    await using folder = await temporaryFolder();
    const database = openSqliteDatabase(join(folder.path, 'test.db'));
    const [settings] = await database.transaction((tx) =>
      tx.query(
        'select (select * from pragma_synchronous()) as synchronous, (select * from pragma_journal_mode()) as mode',
      ),
    );
    await database.close();
    // 1 is NORMAL: https://sqlite.org/pragma.html#pragma_synchronous
    expect(settings).toEqual({ synchronous: 1, mode: 'wal' });
  });

  test('lets others read while a transaction is under way, who see what was committed before', async () => {
    await using folder = await temporaryFolder();
    const database = openSqliteDatabase(join(folder.path, 'test.db'));
    await database.transaction((tx) => tx.script('create table boxes (name text)'));
    const seen = await database.transaction(async (tx) => {
      await tx.query(`insert into boxes (name) values ('a')`);
      return await database.query('select name from boxes');
    });
    expect(seen).toEqual([]);
    await database.close();
  });

  test('a transaction waits for one of another process, such as the command line', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const database = openSqliteDatabase(path);
    await database.transaction((tx) =>
      tx.script('create table counter (value integer); insert into counter values (0)'),
    );
    const adapter = JSON.stringify(new URL('../../src/adapters/sqlite-database.ts', import.meta.url).href);
    const count = `
      for (let round = 0; round < 300; round += 1) {
        await database.transaction(async (tx) => {
          const [counter] = await tx.query('select value from counter');
          await tx.query('update counter set value = $1', [counter.value + 1]);
        });
      }`;
    const program = `
      const { openSqliteDatabase } = await import(${adapter});
      const database = openSqliteDatabase(process.argv[1]);
      ${count}
      await database.close();`;
    const run = promisify(execFile);
    await Promise.all([1, 2].map(() => run(process.execPath, ['--input-type=module', '--eval', program, path])));
    expect(await database.query('select value from counter')).toEqual([{ value: 600 }]);
    await database.close();
  });

  test('while another program has the database locked, reads are answered, and the write that waits then succeeds', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const database = openSqliteDatabase(path);
    await database.transaction((tx) => tx.script(`create table boxes (name text); insert into boxes values ('a')`));
    const other = new BetterSqlite(path);
    other.exec('begin immediate');
    let isWritten = false;
    const writing = database
      .transaction((tx) => tx.query(`insert into boxes (name) values ('b')`))
      .then(() => {
        isWritten = true;
      });
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await database.query('select name from boxes')).toEqual([{ name: 'a' }]);
    }
    expect(isWritten).toBe(false);
    other.exec('commit');
    other.close();
    await writing;
    expect(await database.query('select name from boxes')).toHaveLength(2);
    await database.close();
  });

  test('a write does not wait for ever for another program, and says who is in the way; the next one succeeds', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const database = openSqliteDatabase(path);
    await database.transaction((tx) => tx.script('create table boxes (name text)'));
    const other = new BetterSqlite(path);
    other.exec('begin immediate');
    const writing = database.transaction((tx) => tx.query(`insert into boxes (name) values ('a')`));
    await expect(writing).rejects.toThrow(StorageUnusable);
    await expect(writing).rejects.toThrow('another program has kept it locked for 5 seconds; stop that one');
    other.close();
    await database.transaction((tx) => tx.query(`insert into boxes (name) values ('b')`));
    expect(await database.query('select name from boxes')).toEqual([{ name: 'b' }]);
    await database.close();
  });

  test.each([`insert into boxes (name) values ('a')`, 'create table lids (color text)', 'pragma user_version = 5'])(
    'outside of a transaction nothing can be written: %s',
    async (statement) => {
      await using folder = await temporaryFolder();
      const database = openSqliteDatabase(join(folder.path, 'test.db'));
      await database.transaction((tx) => tx.script('create table boxes (name text)'));
      await expect(database.query(statement)).rejects.toThrow('outside of a transaction');
      expect(await database.query('select name from boxes')).toEqual([]);
      await database.close();
    },
  );

  test('rows that refer to nothing are told of, by their tables', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const other = new BetterSqlite(path);
    other.pragma('foreign_keys = off');
    other.exec(`create table boxes (name text primary key) strict, without rowid;
      create table lids (box text references boxes (name)); insert into lids (box) values ('a'), ('b')`);
    other.close();
    const database = openSqliteDatabase(path);
    expect(await database.check()).toEqual({
      damaged: [],
      dangling: ['a row of lids refers to one of boxes that is not there'],
    });
    await database.close();
  });

  test('a damaged file is told of, whatever page it is that is damaged', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const filled = new BetterSqlite(path);
    filled.exec(`create table boxes (name text); create index boxes_by_name on boxes (name);
      with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < 5000)
      insert into boxes (name) select 'box ' || number from numbers`);
    filled.close();
    const sound = await readFile(path);
    const pages = sound.length / 4096;
    expect(pages).toBeGreaterThan(20);
    for (const page of [1, Math.floor(pages / 2), pages - 1]) {
      await writeFile(path, Buffer.from(sound).fill(0xa5, page * 4096, (page + 1) * 4096));
      const database = openSqliteDatabase(path);
      const { damaged } = await database.check();
      expect(damaged.length).toBeGreaterThan(0);
      await database.close();
    }
  });

  test('a closed database has finished the transactions that were waiting', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'test.db');
    const database = openSqliteDatabase(path);
    await database.transaction((tx) => tx.script('create table boxes (name text)'));
    const writes = Array.from({ length: 10 }, () =>
      database.transaction((tx) => tx.query(`insert into boxes (name) values ('a')`)),
    );
    await database.close();
    await Promise.all(writes);
    const again = openSqliteDatabase(path);
    expect(await again.query('select name from boxes')).toHaveLength(10);
    await again.close();
  });
});

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
