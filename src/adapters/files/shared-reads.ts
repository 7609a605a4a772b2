// Reads of one SQLite connection: those of the same turn of the event loop share a transaction, since beginning one costs more than most reads.
import type { SqlValue } from '../../ports/database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

export class SharedReads {
  readonly #reader: SqliteConnection;
  #ending: NodeJS.Immediate | undefined;
  #isOpen = false;
  #isHeld = false;

  constructor(reader: SqliteConnection) {
    this.#reader = reader;
  }

  query<Row extends object>(text: string, values?: readonly SqlValue[]): readonly Row[] {
    this.#begin();
    if (!this.#isHeld) this.#ending ??= setImmediate(() => this.end());
    return this.#reader.query<Row>(text, values);
  }

  /** From now on all reads see what is committed by now and nothing newer, until `end`. */
  hold(): void {
    this.#begin();
    // A transaction sees what was there at its first read.
    this.#reader.run('pragma schema_version');
    clearImmediate(this.#ending);
    this.#ending = undefined;
    this.#isHeld = true;
  }

  /** What is read from now on sees all that is committed by now. */
  end(): void {
    clearImmediate(this.#ending);
    this.#ending = undefined;
    this.#isHeld = false;
    if (this.#isOpen && this.#reader.isInTransaction) this.#reader.run('commit');
    this.#isOpen = false;
  }

  #begin(): void {
    if (this.#isOpen && this.#reader.isInTransaction) return;
    this.#reader.run('begin');
    this.#isOpen = true;
  }
}
