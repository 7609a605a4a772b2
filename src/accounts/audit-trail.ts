// Reads the audit trail, and forgets what is older than it is to be kept.
import type { Author } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import { type Clock, DAY } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { deleteEventsBefore, type EventFilter, type EventRow, listEvents } from '../tables/events.ts';

/** So few at once that no other writer waits long. */
const BATCH = 500;

export interface AuditEvent extends Omit<EventRow, 'detail'> {
  readonly detail: Readonly<Record<string, unknown>>;
}

export class AuditTrail {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #days: number;

  /** @param options.days how long events are kept */
  constructor(options: { readonly database: Database; readonly clock: Clock; readonly days: number }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#days = options.days;
  }

  /** The newest first, older than the id `before`. */
  async list(
    filter: EventFilter,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly AuditEvent[]> {
    const rows = await listEvents(this.#database, filter, page);
    return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as Readonly<Record<string, unknown>> }));
  }

  /** All of them, the newest first, without ever holding many. */
  async *export(filter: EventFilter): AsyncIterable<AuditEvent> {
    let before: number | undefined;
    while (true) {
      const batch = await this.list(filter, { before, limit: BATCH });
      yield* batch;
      if (batch.length < BATCH) return;
      before = batch.at(-1)?.id;
    }
  }

  /**
   * Records another signing key, which is a file and no row.
   * @param rotation.acceptOldFor for how long tokens that were signed before stay good, at the most: seconds
   */
  async recordKeyRotation(
    rotation: { readonly key: string; readonly acceptOldFor: number },
    author: Author,
  ): Promise<void> {
    const event = { kind: 'signing-key.rotated', at: this.#clock.now(), author, detail: rotation } as const;
    await this.#database.transaction((tx) => recordEvent(tx, event));
  }

  /** @returns how many events were forgotten */
  async forgetOld(): Promise<number> {
    const before = this.#clock.now() - this.#days * DAY;
    let total = 0;
    while (true) {
      const count = await this.#database.transaction((tx) => deleteEventsBefore(tx, before, BATCH));
      total += count;
      if (count < BATCH) return total;
    }
  }
}
