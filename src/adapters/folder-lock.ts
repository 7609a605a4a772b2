// Keeps a second server off a data folder: who may write to an upload, for one, is known in one process only. And a second backup off a backup.
import { dirname, resolve } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { StorageUnusable } from '../ports/storage-unusable.ts';

interface FolderLock {
  /** of the file that is locked */
  readonly name: string;
  /** What keeps whoever comes second from the folder, and what to do. */
  refusal(folder: string): string;
}

const SERVER: FolderLock = {
  name: 'server.lock',
  refusal: (folder) =>
    `another chartroom serves the folder ${folder}: stop it first, or choose another one with --data-dir`,
};

/**
 * Holds until it is disposed of or the process dies, however that dies: it is the operating system's lock on an empty file,
 * which SQLite knows how to take on every system.
 * @throws StorageUnusable when another process has it
 */
export function lockFolder(folder: string, lock: FolderLock = SERVER): Disposable {
  const path = resolve(folder, lock.name);
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
    throw new StorageUnusable(explain(cause, path, lock), { cause });
  }
}

function explain(
  { code, message }: { readonly code: string; readonly message: string },
  path: string,
  lock: FolderLock,
): string {
  if (code.startsWith('SQLITE_BUSY')) return lock.refusal(dirname(path));
  return `the file ${path} cannot be locked (${message}): it must be a file that this user may read and write`;
}
