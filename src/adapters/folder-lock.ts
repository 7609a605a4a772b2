// Keeps a second server off a data folder: who may write to an upload, for one, is known in one process only.
import { dirname, resolve } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { StorageUnusable } from '../ports/storage-unusable.ts';

/**
 * Holds until it is disposed of or the process dies, however that dies: it is the operating system's lock on an empty file,
 * which SQLite knows how to take on every system.
 * @throws StorageUnusable when another server has it
 */
export function lockFolder(folder: string): Disposable {
  const path = resolve(folder, 'server.lock');
  let connection: BetterSqlite.Database | undefined;
  try {
    connection = new BetterSqlite(path, { timeout: 0 });
    // Nothing is ever written, so no journal is needed; one that a crash left behind would be in the next server's way.
    connection.pragma('journal_mode = memory');
    // Not "exclusive", for which two that start at once could get in each other's way, so that neither would start.
    connection.exec('begin immediate');
    const held = connection;
    return { [Symbol.dispose]: () => held.close() };
  } catch (cause) {
    connection?.close();
    if (!(cause instanceof BetterSqlite.SqliteError)) throw cause;
    throw new StorageUnusable(explain(cause, path), { cause });
  }
}

function explain({ code, message }: { readonly code: string; readonly message: string }, path: string): string {
  if (code.startsWith('SQLITE_BUSY')) {
    return `another chartroom serves the folder ${dirname(path)}: stop it first, or choose another one with --data-dir`;
  }
  return `the file ${path} cannot be locked (${message}): it must be a file that this user may read and write`;
}
