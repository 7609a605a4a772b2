// Reads of one SQLite connection: those of the same turn of the event loop share a transaction, since beginning one costs more than most reads.
import type { SqlValue } from '../../ports/database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

export class SharedReads {
  readonly #reader: SqliteConnection;
  #ending: NodeJS.Immediate | undefined;

  constructor(reader: SqliteConnection) {
    this.#reader = reader;
  }

  query<Row extends object>(text: string, values?: readonly SqlValue[]): readonly Row[] {
    if (!this.#ending) {
      this.#reader.run('begin');
      this.#ending = setImmediate(() => this.end());
    }
    return this.#reader.query<Row>(text, values);
  }

  /** What is read from now on sees all that is committed by now. */
  end(): void {
    if (!this.#ending) return;
    clearImmediate(this.#ending);
    this.#ending = undefined;
    if (this.#reader.isInTransaction) this.#reader.run('commit');
  }
}
