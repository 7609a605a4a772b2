// Transactions of one SQLite connection: one after the other, and those that wait together are committed with one sync of the disk.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqlValue, Transaction } from '../../ports/database.ts';
import type { SharedReads } from './shared-reads.ts';
import { onceFree, type Patience, type SqliteConnection, startPatience } from './sqlite-connection.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/** As many are committed together, so that the first does not wait for a long row of others. */
const MAXIMUM_GROUP = 100;

interface Waiting {
  readonly patience: Patience;
  /**
   * Runs it in a savepoint.
   * @returns what to do once the group is committed: telling what came of it
   * @throws what took back the whole group
   */
  run(): Promise<() => void>;
  fail(error: unknown): void;
}

/**
 * Each transaction runs in a savepoint of its own, so that one that fails takes nothing of the others with it. Nobody is told
 * anything before the commit, not even of a failure, which may come of what another one of the group has written. What fails
 * with the commit itself, such as a full disk, fails for the whole group. Nobody sees what is not synced yet: nothing is read of
 * it, and the next group begins after it.
 */
export class GroupCommits {
  readonly #writer: SqliteConnection;
  readonly #log: WriteAheadLog;
  readonly #reads: SharedReads;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param reads see a commit once it is synced */
  constructor(writer: SqliteConnection, log: WriteAheadLog, reads: SharedReads) {
    this.#writer = writer;
    this.#log = log;
    this.#reads = reads;
  }

  run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const run = async (): Promise<() => void> => {
      try {
        const result = await runInSavepoint(this.#writer, work);
        return () => resolve(result);
      } catch (error) {
        // SQLite itself has taken back the whole group.
        if (!this.#writer.isInTransaction) throw error;
        return () => reject(error);
      }
    };
    this.#waiting.push({ patience: startPatience(), run, fail: reject });
    this.#running ??= this.#runAll();
    return promise;
  }

  /** Resolves when none is waiting. */
  async end(): Promise<void> {
    await this.#running;
  }

  async #runAll(): Promise<void> {
    // What other requests of this moment ask for can join.
    await nextTurn();
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) await this.#runGroup(first);
    this.#running = undefined;
  }

  async #runGroup(first: Waiting): Promise<void> {
    const group: Waiting[] = [];
    try {
      await onceFree(() => this.#log.requireSound(), first.patience);
      await onceFree(() => this.#writer.run('begin immediate'), first.patience);
      const answers: (() => void)[] = [];
      while (group.length < MAXIMUM_GROUP) {
        const next = this.#waiting.shift();
        if (!next) break;
        group.push(next);
        answers.push(await next.run());
      }
      await this.#commit();
      for (const answer of answers) answer();
    } catch (error) {
      if (this.#writer.isInTransaction) this.#writer.run('rollback');
      // It did not even begin.
      if (group.length === 0) group.push(...this.#waiting.splice(0, 1));
      for (const each of group) each.fail(error);
    } finally {
      for (const each of group) each.patience[Symbol.dispose]();
    }
  }

  async #commit(): Promise<void> {
    try {
      this.#reads.hold();
      this.#writer.run('commit');
      await this.#log.sync();
    } finally {
      this.#reads.end();
    }
    this.#log.checkpoint();
  }
}

async function runInSavepoint<Result>(
  writer: SqliteConnection,
  work: (tx: Transaction) => Promise<Result>,
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
  writer.run('savepoint transaction_of_group');
  try {
    const result = await work(tx);
    if (failures.length > 0) throw failures[0];
    writer.run('release transaction_of_group');
    return result;
  } catch (error) {
    if (writer.isInTransaction) {
      writer.run('rollback to transaction_of_group');
      writer.run('release transaction_of_group');
    }
    throw error;
  } finally {
    isRunning = false;
  }
}
