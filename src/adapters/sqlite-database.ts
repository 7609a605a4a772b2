// The Database on SQLite: one writer connection with a queue, one reader connection, WAL, every commit synced.
import BetterSqlite from 'better-sqlite3';
import {
  ConstraintViolation,
  type Database,
  DatabaseUnusable,
  type Queryable,
  type SqlValue,
  type Transaction,
} from '../ports/database.ts';

/** How long to wait for another process, such as the command line, that is writing: milliseconds. */
const BUSY_TIMEOUT = 5_000;
const MAXIMUM_PREPARED_STATEMENTS = 500;

/** @throws DatabaseUnusable when the file cannot be opened, is damaged, or is no SQLite database */
export function openSqliteDatabase(path: string): Database {
  const writer = openConnection(path);
  const reader = openConnection(path);
  const reading = queryable(reader);
  const writing = queryable(writer);
  let queue: Promise<unknown> = Promise.resolve();

  const transaction = async <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => {
    writer.exec('begin immediate');
    try {
      const script = async (text: string): Promise<void> => {
        writer.exec(text);
      };
      const result = await work({ ...writing, script } as Transaction);
      writer.exec('commit');
      return result;
    } catch (error) {
      // SQLite itself has rolled back after some errors (a full disk, for one).
      if (writer.inTransaction) writer.exec('rollback');
      throw error;
    }
  };

  return {
    dialect: 'sqlite',
    query: reading.query,
    transaction: (work) => {
      // On one connection the statements of two transactions would mix, so each waits for the one before it.
      const result = queue.then(() => transaction(work));
      queue = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      await queue;
      reader.close();
      writer.close();
    },
  };
}

function openConnection(path: string): BetterSqlite.Database {
  try {
    const connection = new BetterSqlite(path, { timeout: BUSY_TIMEOUT });
    connection.pragma('journal_mode = wal');
    connection.pragma('synchronous = full');
    connection.pragma('foreign_keys = on');
    return connection;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseUnusable(`the database ${path} cannot be opened: ${why}`, { cause });
  }
}

function queryable(connection: BetterSqlite.Database): Queryable {
  const prepared = new Map<string, BetterSqlite.Statement>();
  const prepare = (text: string): BetterSqlite.Statement => {
    const known = prepared.get(text);
    if (known) return known;
    if (prepared.size >= MAXIMUM_PREPARED_STATEMENTS) prepared.clear();
    const statement = connection.prepare(text);
    prepared.set(text, statement);
    return statement;
  };
  return {
    query: async <Row extends object>(text: string, values: readonly SqlValue[] = []): Promise<readonly Row[]> => {
      try {
        const statement = prepare(text);
        const bound = Object.fromEntries(values.map((value, index) => [index + 1, value]));
        if (statement.reader) return statement.all(bound) as Row[];
        statement.run(bound);
        return [];
      } catch (error) {
        throw translated(error);
      }
    },
  };
}

function translated(error: unknown): unknown {
  if (error instanceof BetterSqlite.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT')) {
    return new ConstraintViolation(error.message, { cause: error });
  }
  return error;
}
