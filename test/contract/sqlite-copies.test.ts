// Copies of a SQLite database: of one moment, whoever writes meanwhile, in one file, checked.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { checkSqlite } from '../../src/adapters/files/sqlite.ts';
import { sqliteCopies } from '../../src/adapters/sqlite-copies.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { ConstraintViolation } from '../../src/ports/database.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

const MEBIBYTE = 1024 * 1024;
const SOUND = { damaged: [], dangling: [] };

test('a copy is that of one moment, and ends, however much is written while it is made; no writer waits for it', async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [join(folder.path, 'from.db'), join(folder.path, 'to.db')];
  const database = openSqliteDatabase(from);
  await database.transaction((tx) => tx.script('create table boxes (name text, content blob)'));
  const write = (name: string, size: number) =>
    database.transaction((tx) => tx.query('insert into boxes values ($1, zeroblob($2))', [name, size]));
  await write('before', 90 * MEBIBYTE);
  const writing: Promise<unknown>[] = [];
  let written = 0;
  const writeOne = async (): Promise<void> => {
    await write('meanwhile', MEBIBYTE);
    written += 1;
  };
  const writeMore = () => writing.length < 5 && writing.push(writeOne());
  await sqliteCopies.copy(from, to, writeMore);
  // Not those that waited until it was made.
  expect(written).toBeGreaterThan(1);
  await Promise.all(writing);
  await sqliteCopies.change(to, async () => undefined);
  const copy = sqliteCopies.open(to);
  expect(await copy.query('select name from boxes')).toEqual([{ name: 'before' }]);
  copy.close();
  expect(sqliteCopies.check(to)).toEqual(SOUND);
  await database.close();
  expect((await readdir(folder.path)).toSorted()).toEqual(['from.db', 'to.db']);
});

test('a copy can be changed, all or nothing, and is still one file', async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [join(folder.path, 'from.db'), join(folder.path, 'to.db')];
  const database = openSqliteDatabase(from);
  await database.transaction((tx) => tx.script('create table boxes (name text)'));
  await sqliteCopies.copy(from, to, () => undefined);
  await database.close();
  const add = (name: string, isCutOff: boolean) =>
    sqliteCopies.change(to, async (tx) => {
      await tx.query('insert into boxes values ($1)', [name]);
      if (isCutOff) throw new Error('cut off');
    });
  await add('whole', false);
  await expect(add('half', true)).rejects.toThrow('cut off');
  const copy = sqliteCopies.open(to);
  expect(await copy.query('select name from boxes')).toEqual([{ name: 'whole' }]);
  copy.close();
  expect((await readdir(folder.path)).toSorted()).toEqual(['from.db', 'to.db']);
});

test('what goes wrong is said in the words of the port, with the file and what to do', async () => {
  await using folder = await temporaryFolder();
  const from = join(folder.path, 'from.db');
  await openSqliteDatabase(from).close();
  const cannotOpen = (path: string) =>
    `the database ${path} cannot be used: it cannot be opened; it must be a file that this user may read and write`;
  expect(() => sqliteCopies.open(join(folder.path, 'none.db'))).toThrow(cannotOpen(join(folder.path, 'none.db')));
  const unique = sqliteCopies.change(from, async (tx) => {
    await tx.script('create table boxes (name text unique); insert into boxes values (1)');
    await tx.query('insert into boxes values ($1)', ['1']);
  });
  await expect(unique).rejects.toThrow(ConstraintViolation);
});

test('what keeps a check from reading is damage only where the file is to blame', () => {
  const check = (code: string) => {
    const pragma = () => {
      throw new BetterSqlite.SqliteError('it failed', code);
    };
    return checkSqlite(Object.assign(new BetterSqlite(':memory:'), { pragma }), 'a.db');
  };
  for (const code of ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_CANTOPEN', 'SQLITE_BUSY']) {
    expect(() => check(code), code).toThrow('the database a.db cannot be used');
  }
  for (const code of ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_READ']) {
    expect(check(code), code).toEqual({ damaged: ['it failed'], dangling: [] });
  }
});

test('a copy and the database that it is of are found damaged in the same words', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.db');
  const database = openSqliteDatabase(path);
  await database.transaction((tx) => tx.script('create table boxes (name text); create index by_name on boxes (name)'));
  await database.close();
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0xff, bytes.length - 4096));
  const again = openSqliteDatabase(path);
  const found = await again.check();
  await again.close();
  expect(found.damaged.length).toBeGreaterThan(0);
  expect(sqliteCopies.check(path)).toEqual(found);
});

test('what is damaged is found, and what lacks its parent', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.db');
  const database = openSqliteDatabase(path);
  await database.transaction((tx) =>
    tx.script(`create table boxes (name text primary key); create table lids (box text references boxes (name));
      insert into boxes values ('a'); create index lids_by_box on lids (box)`),
  );
  await database.close();
  await sqliteCopies.change(path, async (tx) => void (await tx.query(`insert into lids values ('a')`)));
  expect(sqliteCopies.check(path)).toEqual(SOUND);
  await expect(sqliteCopies.change(path, async (tx) => void (await tx.query('delete from boxes')))).rejects.toThrow(
    'FOREIGN KEY',
  );
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0xff, bytes.length - 4096));
  expect(sqliteCopies.check(path).damaged.length).toBeGreaterThan(0);
});
