// The DatabaseCopies of SQLite: its online backup, from one snapshot that writers do not wait for.
import BetterSqlite from 'better-sqlite3';
import type { DatabaseCopies, OpenedCopy } from '../ports/backup.ts';
import type { SqlValue, Transaction } from '../ports/database.ts';

/** Copied at a time: about 40 MiB. */
const PAGES = 10_000;
/** How long to wait for another process, while opening: milliseconds. */
const BUSY_TIMEOUT = 5_000;
const MAXIMUM_PROBLEMS = 5;

export const sqliteCopies: DatabaseCopies = {
  copy: copySqlite,
  change: changeCopy,
  check: (path) => {
    try {
      using opened = openFile(path, true);
      return [...integrityProblems(opened.connection), ...keyProblems(opened.connection)];
    } catch (error) {
      if (error instanceof BetterSqlite.SqliteError) return [error.message];
      throw error;
    }
  },
  open: openCopy,
};

async function copySqlite(from: string, to: string, onProgress: (done: number) => void): Promise<void> {
  using source = openFile(from, true);
  const { connection } = source;
  // The backup begins again whenever it finds that somebody has written; what this transaction reads stays as it is.
  connection.exec('begin');
  connection.pragma('schema_version');
  await connection.backup(to, {
    progress: ({ totalPages, remainingPages }) => {
      onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
      return PAGES;
    },
  });
}

async function changeCopy(path: string, work: (tx: Transaction) => Promise<void>): Promise<void> {
  using opened = openFile(path, false);
  const { connection } = opened;
  // Else a reader would make two more files beside it, which it could not on a medium that is only read.
  connection.pragma('journal_mode = delete');
  connection.pragma('foreign_keys = on');
  connection.exec('begin immediate');
  await work({
    query: async (text: string, values?: readonly SqlValue[]) => run(connection, text, values),
    script: async (text: string) => void connection.exec(text),
  } as Transaction);
  connection.exec('commit');
}

/** https://sqlite.org/pragma.html#pragma_integrity_check */
function integrityProblems(connection: BetterSqlite.Database): readonly string[] {
  const rows = connection.pragma(`integrity_check(${MAXIMUM_PROBLEMS})`) as { integrity_check: string }[];
  return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
}

function keyProblems(connection: BetterSqlite.Database): readonly string[] {
  const rows = connection.pragma('foreign_key_check') as { table: string; parent: string }[];
  return rows.slice(0, MAXIMUM_PROBLEMS).map(({ table, parent }) => `a row of ${table} lacks its row of ${parent}`);
}

function openCopy(path: string): OpenedCopy {
  const { connection } = openFile(path, true);
  return {
    query: async <Row extends object>(text: string, values?: readonly SqlValue[]) => run<Row>(connection, text, values),
    close: () => connection.close(),
  };
}

function run<Row extends object>(
  connection: BetterSqlite.Database,
  text: string,
  values: readonly SqlValue[] = [],
): readonly Row[] {
  const statement = connection.prepare(text);
  const bound = Object.fromEntries(values.map((value, index) => [index + 1, value]));
  if (statement.reader) return statement.all(bound) as Row[];
  statement.run(bound);
  return [];
}

function openFile(path: string, readonly: boolean) {
  const connection = new BetterSqlite(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT });
  return { connection, [Symbol.dispose]: () => void connection.close() };
}
