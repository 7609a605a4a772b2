// One connection to a SQLite database: prepared statements, the settings that all connections have, and waiting for other processes.
import { setTimeout as wait } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import type { DatabaseCheck, SqlValue } from '../../ports/database.ts';
import { StorageUnusable } from '../../ports/storage-unusable.ts';
import { BUSY_TIMEOUT, checkSqlite, onSqlite, runStatement } from './sqlite.ts';

/** How often to look whether another process has ended that is writing: milliseconds. */
const BUSY_INTERVAL = 10;
const MAXIMUM_PREPARED_STATEMENTS = 500;

export interface Patience extends Disposable {
  isOver(): boolean;
}

/** It begins when something is asked for, so that those who wait in the queue for one another do not add up their waiting. */
export function startPatience(): Patience {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
  }, BUSY_TIMEOUT);
  return { isOver: () => isOver, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Runs what another process may keep from running just now. Waits here, since SQLite's own waiting would stop the whole server. */
export async function onceFree<Answer>(run: () => Answer, patience?: Patience): Promise<Answer> {
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

export class SqliteConnection {
  readonly #path: string;
  readonly #role: 'reader' | 'writer';
  readonly #connection: BetterSqlite.Database;
  readonly #prepared = new Map<string, BetterSqlite.Statement>();
  #writes = 0;

  constructor(path: string, role: 'reader' | 'writer') {
    this.#path = path;
    this.#role = role;
    // While it is opened, SQLite waits by itself: nothing is served yet, and other processes may be opening it, too.
    this.#connection = this.#translating(() => new BetterSqlite(path, { timeout: BUSY_TIMEOUT }));
    const rights = role === 'reader' ? ['query_only = on'] : ['wal_autocheckpoint = 0'];
    // Who commits syncs the write-ahead log before anybody knows, and checkpoints it: see write-ahead-log.ts.
    // Large sorts would need room in the folder for temporary files, which may have none: reading must not depend on it.
    // KiB of pages kept, not the 16,000 that are built in: the system's cache has them as well, and random reads are no slower.
    const memory = ['temp_store = memory', 'cache_size = -4000'];
    const settings = ['journal_mode = wal', 'synchronous = normal', 'foreign_keys = on', ...memory];
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
      if (!statement.readonly) this.#writes += 1;
      return runStatement<Row>(statement, values);
    });
  }

  /** Runs a statement without values, such as one that begins a transaction, whatever it answers; it is prepared once. */
  run(text: string): void {
    this.#translating(() => {
      const statement = this.#prepare(text);
      if (statement.reader) statement.get();
      else statement.run();
    });
  }

  /** Runs several statements. */
  execute(text: string): void {
    this.#translating(() => this.#connection.exec(text));
  }

  check(): DatabaseCheck {
    return checkSqlite(this.#connection, this.#path);
  }

  /** How many statements that write it has run. */
  get writes(): number {
    return this.#writes;
  }

  /** https://sqlite.org/pragma.html#pragma_wal_checkpoint: "truncate" waits for nobody here and then fails, "passive" does what can be done. */
  checkpoint(mode: 'passive' | 'truncate'): void {
    const [answer] = this.#translating(() => this.#connection.pragma(`wal_checkpoint(${mode})`)) as { busy: number }[];
    if (mode === 'truncate' && answer?.busy !== 0) {
      throw new StorageUnusable(`the database ${this.#path} cannot be used: another program reads it just now`, {
        trouble: 'busy',
      });
    }
  }

  /** SQLite itself ends one after some errors (a full disk, for one). */
  get isInTransaction(): boolean {
    return this.#connection.inTransaction;
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
