// The DatabaseCopies of SQLite: its online backup, from one snapshot that writers do not wait for.
import BetterSqlite from 'better-sqlite3';
import type { DatabaseCopies, OpenedCopy } from '../ports/backup.ts';
import type { DatabaseCheck, SqlValue, Transaction } from '../ports/database.ts';
import { BUSY_TIMEOUT, checkSqlite, onSqlite, runStatement, sqliteError } from './files/sqlite.ts';

/** Copied at a time: about 40 MiB. */
const PAGES = 10_000;

export const sqliteCopies: DatabaseCopies = { copy: copySqlite, change: changeCopy, check: checkCopy, open: openCopy };

async function copySqlite(from: string, to: string, onProgress: (done: number) => void): Promise<void> {
  using source = openFile(from, true);
  const { connection } = source;
  // The backup begins again whenever it finds that somebody has written; what this transaction reads stays as it is.
  source.run(() => {
    connection.exec('begin');
    connection.pragma('schema_version');
  });
  const progress = ({ totalPages, remainingPages }: BetterSqlite.BackupMetadata): number => {
    onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
    return PAGES;
  };
  await connection.backup(to, { progress }).catch((error: unknown) => {
    // Most likely it is where it is written that has no room, or cannot be written to.
    throw sqliteError(error, to);
  });
}

async function changeCopy(path: string, work: (tx: Transaction) => Promise<void>): Promise<void> {
  using opened = openFile(path, false);
  const { connection, query, run } = opened;
  run(() => {
    // Else a reader would make two more files beside it, which it could not on a medium that is only read.
    connection.pragma('journal_mode = delete');
    connection.pragma('foreign_keys = on');
    connection.exec('begin immediate');
  });
  const script = async (text: string): Promise<void> => void run(() => connection.exec(text));
  await work({ query, script } as Transaction);
  run(() => connection.exec('commit'));
}

function checkCopy(path: string): DatabaseCheck {
  using opened = openFile(path, true);
  return checkSqlite(opened.connection, path);
}

function openCopy(path: string): OpenedCopy {
  const { connection, query } = openFile(path, true);
  return { query, close: () => connection.close() };
}

function openFile(path: string, readonly: boolean) {
  const run = <Answer>(work: () => Answer): Answer => onSqlite(path, work);
  const connection = run(() => new BetterSqlite(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT }));
  return {
    connection,
    run,
    query: async <Row extends object>(text: string, values?: readonly SqlValue[]) =>
      run(() => runStatement<Row>(connection.prepare(text), values)),
    [Symbol.dispose]: () => void connection.close(),
  };
}
