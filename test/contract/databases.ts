// Every database that the SQL text must run on. A new one is a line here.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import type { Database } from '../../src/ports/database.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { PgliteServer } from '../support/pglite-database.ts';

export interface TestedDatabase extends AsyncDisposable {
  readonly database: Database;
}

export interface DatabaseKind {
  readonly name: string;
  /** Opens a database without any table. */
  readonly openEmpty: () => Promise<TestedDatabase>;
}

const pglite = new PgliteServer();

export const DATABASES: readonly DatabaseKind[] = [
  { name: 'SQLite', openEmpty: openSqlite },
  { name: 'PGlite', openEmpty: openPglite },
];

/** A database with all tables. */
export async function openMigrated(kind: DatabaseKind): Promise<TestedDatabase> {
  const opened = await kind.openEmpty();
  await migrate(opened.database, await readMigrations(opened.database.dialect), 0);
  return opened;
}

/** To be called when all tests of a file have ended. */
export async function stopDatabases(): Promise<void> {
  await pglite.stop();
}

async function openSqlite(): Promise<TestedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const database = openSqliteDatabase(join(folder, 'test.db'));
  return {
    database,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openPglite(): Promise<TestedDatabase> {
  const database = await pglite.openEmpty();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}
