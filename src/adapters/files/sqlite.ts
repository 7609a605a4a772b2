// What everyone who opens a SQLite database does alike: runs a statement, checks the file, and says in the ports' words what goes wrong.
import BetterSqlite from 'better-sqlite3';
import { ConstraintViolation, type DatabaseCheck, type SqlValue } from '../../ports/database.ts';
import { type StorageTrouble, StorageUnusable } from '../../ports/storage-unusable.ts';

/** How long to wait for another process, such as the command line, that is writing: milliseconds. */
export const BUSY_TIMEOUT = 5_000;
/** As many faults of a damaged file are told of. */
const MAXIMUM_FAULTS = 100;

/** What keeps SQLite from working and what an operator can do, by the beginning of its code (https://sqlite.org/rescode.html). */
const TROUBLES: readonly (readonly [code: string, trouble: StorageTrouble, remedy: string])[] = [
  ['SQLITE_CORRUPT', 'broken', 'it is damaged; restore the data folder from a backup'],
  ['SQLITE_NOTADB', 'broken', 'it is damaged, or no database of Chartroom; restore the data folder from a backup'],
  ['SQLITE_FULL', 'full', 'the disk is full; make room on it, then try again'],
  ['SQLITE_BUSY', 'busy', `another program has kept it locked for ${BUSY_TIMEOUT / 1000} seconds; stop that one`],
  ['SQLITE_READONLY', 'broken', 'this user may not write to it; give this user the right to'],
  ['SQLITE_CANTOPEN', 'broken', 'it cannot be opened; it must be a file that this user may read and write'],
  // The index of the write-ahead log, in the file -shm, could not grow.
  ['SQLITE_IOERR_SHMSIZE', 'full', 'the disk is full; make room on it, then try again'],
  ['SQLITE_IOERR', 'broken', 'the disk does not work as it should, or a quota is used up'],
];

/** What says that the file itself is not as it was written. */
const DAMAGE: readonly string[] = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR'];

/** What SQLite has failed with, in the words of the ports; what is no trouble of the storage, as it is. @param path of the database */
export function sqliteError(cause: unknown, path: string): unknown {
  if (!(cause instanceof BetterSqlite.SqliteError)) return cause;
  const { code, message } = cause;
  if (code.startsWith('SQLITE_CONSTRAINT')) return new ConstraintViolation(message, { cause });
  const found = TROUBLES.find(([beginning]) => code.startsWith(beginning));
  if (found === undefined) return cause;
  const [, trouble, remedy] = found;
  return new StorageUnusable(`the database ${path} cannot be used: ${remedy} (${message})`, { cause, trouble });
}

/** Runs SQLite. @throws what `sqliteError` makes of what it throws */
export function onSqlite<Answer>(path: string, run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    throw sqliteError(error, path);
  }
}

export function runStatement<Row extends object>(
  statement: BetterSqlite.Statement,
  values: readonly SqlValue[] = [],
): readonly Row[] {
  const bound: Record<string, SqlValue> = {};
  for (const [index, value] of values.entries()) bound[index + 1] = value;
  if (statement.reader) return statement.all(bound) as Row[];
  statement.run(bound);
  return [];
}

/** https://sqlite.org/pragma.html#pragma_integrity_check; it does not look at foreign keys. @throws StorageUnusable when it cannot be read for another reason than damage */
export function checkSqlite(connection: BetterSqlite.Database, path: string): DatabaseCheck {
  try {
    const found = connection.pragma(`integrity_check(${MAXIMUM_FAULTS})`) as { integrity_check: string }[];
    const damaged = found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    // Its rows would be as wrong as those of which they tell.
    if (damaged.length > 0) return { damaged, dangling: [] };
    const rows = connection.pragma('foreign_key_check') as { table: string; parent: string }[];
    const faults = new Set(
      rows.map(({ table, parent }) => `a row of ${table} refers to one of ${parent} that is not there`),
    );
    return { damaged: [], dangling: [...faults].slice(0, MAXIMUM_FAULTS) };
  } catch (cause) {
    const error = sqliteError(cause, path);
    if (!(cause instanceof BetterSqlite.SqliteError && isDamage(cause.code, error))) throw error;
    return { damaged: [cause.message], dangling: [] };
  }
}

/** A disk that does not give the bytes counts as well; one that has no room to read them in does not. */
function isDamage(code: string, error: unknown): boolean {
  const isBroken = error instanceof StorageUnusable && error.trouble === 'broken';
  return isBroken && DAMAGE.some((beginning) => code.startsWith(beginning));
}
