// The Database on SQLite: one writer connection with a queue, one reader connection, WAL, every commit synced.
import { setTimeout as wait } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import {
  ConstraintViolation,
  type Database,
  type DatabaseCheck,
  type SqlValue,
  type Transaction,
} from '../ports/database.ts';
import { type StorageTrouble, StorageUnusable } from '../ports/storage-unusable.ts';

/** How long to wait for another process, such as the command line, that is writing: milliseconds. */
const BUSY_TIMEOUT = 5_000;
/** How often to look meanwhile whether it has ended: milliseconds. */
const BUSY_INTERVAL = 10;
/** As many faults of a damaged file are told of. */
const MAXIMUM_FAULTS = 100;
const MAXIMUM_PREPARED_STATEMENTS = 500;

/** What keeps SQLite from working and what an operator can do, by the beginning of its code (https://sqlite.org/rescode.html). */
const TROUBLES: readonly (readonly [code: string, trouble: StorageTrouble, remedy: string])[] = [
  ['SQLITE_CORRUPT', 'broken', 'it is damaged; restore the data folder from a backup'],
  ['SQLITE_NOTADB', 'broken', 'it is damaged, or no database of Chartroom; restore the data folder from a backup'],
  ['SQLITE_FULL', 'full', 'the disk is full; make room on it'],
  ['SQLITE_BUSY', 'busy', `another program has kept it locked for ${BUSY_TIMEOUT / 1000} seconds; stop that one`],
  ['SQLITE_READONLY', 'broken', 'this user may not write to it; give this user the right to'],
  ['SQLITE_CANTOPEN', 'broken', 'it cannot be opened; it must be a file that this user may read and write'],
  // The index of the write-ahead log, in the file -shm, could not grow.
  ['SQLITE_IOERR_SHMSIZE', 'full', 'the disk is full; make room on it'],
  ['SQLITE_IOERR', 'broken', 'the disk does not work as it should, or a quota is used up'],
];

/** @throws StorageUnusable when the file cannot be opened, is damaged, or is no SQLite database */
export function openSqliteDatabase(path: string): Database {
  const writer = new Connection(path, 'writer');
  const reader = new Connection(path, 'reader');
  let queue: Promise<unknown> = Promise.resolve();

  return {
    dialect: 'sqlite',
    query: async (text, values) => await onceFree(() => reader.query(text, values)),
    transaction: (work) => {
      const patience = startPatience();
      // On one connection the statements of two transactions would mix, so each waits for the one before it.
      const result = queue.then(() => runTransaction(writer, work, patience)).finally(() => patience[Symbol.dispose]());
      queue = result.catch(() => undefined);
      return result;
    },
    check: async () => {
      using patience = startPatience();
      return await onceFree(() => reader.check(), patience);
    },
    close: async () => {
      await queue;
      reader.close();
      writer.close();
    },
  };
}

async function runTransaction<Result>(
  writer: Connection,
  work: (tx: Transaction) => Promise<Result>,
  patience: Patience,
): Promise<Result> {
  let isRunning = true;
  const failures: unknown[] = [];
  const guarded = async <Answer>(run: () => Answer): Promise<Answer> => {
    if (!isRunning) throw new Error('a statement came after the end of its transaction: an "await" is missing');
    try {
      return run();
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  const tx = {
    query: (text: string, values?: readonly SqlValue[]) => guarded(() => writer.query(text, values)),
    script: (text: string) => guarded(() => writer.execute(text)),
  } as Transaction;
  await onceFree(() => writer.execute('begin immediate'), patience);
  try {
    const result = await work(tx);
    if (failures.length > 0) throw failures[0];
    writer.execute('commit');
    return result;
  } catch (error) {
    writer.rollBack();
    throw error;
  } finally {
    isRunning = false;
  }
}

interface Patience extends Disposable {
  isOver(): boolean;
}

/** It begins when something is asked for, so that those who wait in the queue for one another do not add up their waiting. */
function startPatience(): Patience {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
  }, BUSY_TIMEOUT);
  return { isOver: () => isOver, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Runs what another process may keep from running just now. Waits here, since SQLite's own waiting would stop the whole server. */
async function onceFree<Answer>(run: () => Answer, patience?: Patience): Promise<Answer> {
  try {
    return run();
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  using lasting = patience ?? startPatience();
  for (;;) {
    await wait(BUSY_INTERVAL);
    try {
      return run();
    } catch (error) {
      if (lasting.isOver() || !isBusy(error)) throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof StorageUnusable ? error.cause : undefined;
  return cause instanceof BetterSqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY');
}

class Connection {
  readonly #path: string;
  readonly #role: 'reader' | 'writer';
  readonly #connection: BetterSqlite.Database;
  readonly #prepared = new Map<string, BetterSqlite.Statement>();

  constructor(path: string, role: 'reader' | 'writer') {
    this.#path = path;
    this.#role = role;
    // While it is opened, SQLite waits by itself: nothing is served yet, and other processes may be opening it, too.
    this.#connection = this.#translating(() => new BetterSqlite(path, { timeout: BUSY_TIMEOUT }));
    const rights = role === 'reader' ? ['query_only = on'] : [];
    // Large sorts would need room in the folder for temporary files, which may have none: reading must not depend on it.
    const settings = ['journal_mode = wal', 'synchronous = full', 'foreign_keys = on', 'temp_store = memory'];
    for (const setting of [...settings, ...rights]) {
      this.#translating(() => this.#connection.pragma(setting));
    }
    this.#translating(() => this.#connection.pragma('busy_timeout = 0'));
  }

  query<Row extends object>(text: string, values: readonly SqlValue[] = []): readonly Row[] {
    return this.#translating(() => {
      const statement = this.#prepare(text);
      // `query_only` refuses it as well, but in words for an operator.
      if (this.#role === 'reader' && !statement.readonly)
        throw new Error('a statement that writes came outside of a transaction');
      const bound = Object.fromEntries(values.map((value, index) => [index + 1, value]));
      if (statement.reader) return statement.all(bound) as Row[];
      statement.run(bound);
      return [];
    });
  }

  execute(text: string): void {
    this.#translating(() => this.#connection.exec(text));
  }

  /** https://sqlite.org/pragma.html#pragma_integrity_check; it does not look at foreign keys. */
  check(): DatabaseCheck {
    try {
      const found = this.query<{ integrity_check: string }>(`pragma integrity_check(${MAXIMUM_FAULTS})`);
      const damaged = found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
      // Its rows would be as wrong as those of which they tell.
      if (damaged.length > 0) return { damaged, dangling: [] };
      const rows = this.query<{ table: string; parent: string }>('pragma foreign_key_check');
      const faults = new Set(
        rows.map(({ table, parent }) => `a row of ${table} refers to one of ${parent} that is not there`),
      );
      return { damaged: [], dangling: [...faults] };
    } catch (error) {
      if (error instanceof StorageUnusable && !isBusy(error)) return { damaged: [error.message], dangling: [] };
      throw error;
    }
  }

  rollBack(): void {
    // SQLite itself has rolled back after some errors (a full disk, for one).
    if (this.#connection.inTransaction) this.execute('rollback');
  }

  close(): void {
    this.#connection.close();
  }

  #prepare(text: string): BetterSqlite.Statement {
    const known = this.#prepared.get(text);
    if (known) return known;
    if (this.#prepared.size >= MAXIMUM_PREPARED_STATEMENTS) this.#prepared.clear();
    const statement = this.#connection.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }

  /** Runs SQLite, and says what goes wrong in the words of the port. */
  #translating<Answer>(run: () => Answer): Answer {
    try {
      return run();
    } catch (cause) {
      if (!(cause instanceof BetterSqlite.SqliteError)) throw cause;
      const { code, message } = cause;
      if (code.startsWith('SQLITE_CONSTRAINT')) throw new ConstraintViolation(message, { cause });
      const found = TROUBLES.find(([beginning]) => code.startsWith(beginning));
      if (found === undefined) throw cause;
      const [, trouble, remedy] = found;
      throw new StorageUnusable(`the database ${this.#path} cannot be used: ${remedy} (${message})`, {
        cause,
        trouble,
      });
    }
  }
}
