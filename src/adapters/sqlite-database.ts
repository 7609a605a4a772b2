// The Database on SQLite: one writer connection with a queue, one reader connection, WAL, every commit synced.
import { setTimeout as wait } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import type { Database, DatabaseCheck, SqlValue, Transaction } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { BUSY_TIMEOUT, checkSqlite, onSqlite, runStatement } from './files/sqlite.ts';

/** How often to look meanwhile whether it has ended: milliseconds. */
const BUSY_INTERVAL = 10;
const MAXIMUM_PREPARED_STATEMENTS = 500;

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
      return runStatement<Row>(statement, values);
    });
  }

  execute(text: string): void {
    this.#translating(() => this.#connection.exec(text));
  }

  check(): DatabaseCheck {
    return checkSqlite(this.#connection, this.#path);
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

  #translating<Answer>(run: () => Answer): Answer {
    return onSqlite(this.#path, run);
  }
}
