// Reads of one SQLite connection: those of the same turn of the event loop share a transaction, since beginning one costs more than most reads.
import type { SqlValue } from '../../ports/database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

export class SharedReads {
  readonly #reader: SqliteConnection;
  readonly #isOnlyWriter: boolean;
  #ending: NodeJS.Immediate | undefined;
  #isBegun = false;
  #isHeld = false;
  /**
   * What was read in the transaction that is under way, by statements without values, such as a revision that every request reads. A new
   * one each time: V8 would keep what was in a map that is cleared until its next large collection of garbage.
   */
  #read = new Map<string, readonly object[]>();

  /**
   * @param isOnlyWriter whether this process, which ends the transaction then, commits all that a client may have been told of.
   * Otherwise it ends before anything else is received: in one turn, libuv may look for input several times.
   */
  constructor(reader: SqliteConnection, isOnlyWriter = true) {
    this.#reader = reader;
    this.#isOnlyWriter = isOnlyWriter;
  }

  query<Row extends object>(text: string, values?: readonly SqlValue[]): readonly Row[] {
    if (this.#begin() && !this.#isHeld) this.#endSoon();
    if (values !== undefined) return this.#reader.query<Row>(text, values);
    const rows = (this.#read.get(text) as readonly Row[] | undefined) ?? this.#reader.query<Row>(text);
    this.#read.set(text, rows);
    return rows;
  }

  /** From now on all reads see what is committed by now and nothing newer, until `end`. */
  hold(): void {
    this.#begin();
    // A transaction sees what was there at its first read.
    this.#reader.run('pragma schema_version');
    clearImmediate(this.#ending);
    this.#isHeld = true;
  }

  /** What is read from now on sees all that is committed by now. */
  end(): void {
    clearImmediate(this.#ending);
    this.#isHeld = false;
    if (this.#isBegun && this.#reader.isInTransaction) this.#reader.run('commit');
    this.#isBegun = false;
    this.#read = new Map();
  }

  /** @returns whether none was under way */
  #begin(): boolean {
    if (this.#isBegun && this.#reader.isInTransaction) return false;
    this.#read = new Map();
    this.#reader.run('begin');
    this.#isBegun = true;
    return true;
  }

  #endSoon(): void {
    if (this.#isOnlyWriter) {
      this.#ending = setImmediate(() => this.end());
      return;
    }
    process.nextTick(() => {
      if (!this.#isHeld) this.end();
    });
  }
}
