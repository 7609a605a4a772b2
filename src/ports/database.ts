// The port to the SQL database: text with $1 placeholders goes in, rows come out.

export type SqlValue = string | number | Uint8Array | null;

/** Something that answers SQL. Integers come back as numbers, bytes as Buffers, an absent value as null. */
export interface Queryable {
  /**
   * @throws ConstraintViolation when a constraint of the schema forbids the statement
   * @throws StorageUnusable when the storage is full, broken or busy
   */
  query<Row extends object>(text: string, values?: readonly SqlValue[]): Promise<readonly Row[]>;
}

declare const transaction: unique symbol;
/**
 * A running transaction. Functions that write ask for it, so that nothing is written outside of one. Once a statement has
 * failed, it can only be rolled back (PostgreSQL knows it no other way); once it has ended, it takes no more statements.
 */
export interface Transaction extends Queryable {
  readonly [transaction]: true;
  /** Runs several statements without values, as a migration has them. */
  script(text: string): Promise<void>;
}

/** What is wrong with a database itself; each list is empty when nothing is, and has at most 100 entries. */
export interface DatabaseCheck {
  /** Its files are not as they should be: what is read from it may be wrong. */
  readonly damaged: readonly string[];
  /** Rows refer to others that are not there. */
  readonly dangling: readonly string[];
}

/** Outside of a transaction it answers what reads, and refuses what writes. */
export interface Database extends Queryable {
  /** Which folder of `migrations/` is written for it. */
  readonly dialect: 'sqlite' | 'postgres';

  /**
   * Runs `work` alone as far as its writes go, and commits durably before the promise resolves; when `work` throws, or a
   * statement has failed, nothing of it stays. Inside `work` only SQL may be awaited: everything else would
   * hold up every other writer. (Garbage collection alone deletes a few files there, so that the database orders that.)
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;

  /** Reads all of it, and holds up everything else in this process for as long as that takes. */
  check(): Promise<DatabaseCheck>;

  close(): Promise<void>;
}

/** A constraint of the schema (unique, foreign key, check) forbade a statement: somebody else was faster. */
export class ConstraintViolation extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConstraintViolation';
  }
}
