// How everything that concerns access is changed: the change, its event and the revision that makes it count, or nothing.
import type { Author } from '../events/author.ts';
import { type AccessChange, recordEvent } from '../events/record.ts';
import type { Clock } from '../ports/clock.ts';
import { ConstraintViolation, type Database, type Queryable, type Transaction } from '../ports/database.ts';
import { countAccessRevisionUp } from '../tables/access-revision.ts';

/** Whoever asks for a page behind what it has got; `limit` is how many there may be. */
export interface PageQuery {
  readonly last: string;
  readonly limit: number;
}

export interface Change {
  readonly tx: Transaction;
  /** milliseconds since 1970 */
  readonly at: number;
  /** `detail` says what changed, and never a secret. */
  record(kind: AccessChange, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

export class Changes {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** For what only reads. */
  get reading(): Queryable {
    return this.#database;
  }

  now(): number {
    return this.#clock.now();
  }

  /**
   * Runs `work` in a transaction; what it throws undoes all of it.
   * @param onViolation the error to throw when a constraint of the database forbids the change
   */
  async make<Result>(
    author: Author,
    work: (change: Change) => Promise<Result>,
    onViolation?: () => Error,
  ): Promise<Result> {
    const at = this.#clock.now();
    try {
      return await this.#database.transaction(async (tx) => {
        const record: Change['record'] = (kind, detail) => recordEvent(tx, { kind, at, author, detail });
        // First: where transactions run side by side, its row lets one change in at a time, so that each sees the one before.
        await countAccessRevisionUp(tx);
        return await work({ tx, at, record });
      });
    } catch (error) {
      if (onViolation && error instanceof ConstraintViolation) throw onViolation();
      throw error;
    }
  }
}
