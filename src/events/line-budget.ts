// How many different lines one client can have written to the audit trail, whose size nobody outside should decide.
import type { Author } from './author.ts';
import { BoundedMap } from './bounded-map.ts';
import { networkOf } from './network.ts';

/** Of one kind, within a window. Who has not logged in needs few: what differs there is mostly made up. */
const LINES = { anonymous: 200, known: 2_000 } as const;
const MAXIMUM_SOURCES = 20_000;

interface Spent {
  readonly until: number;
  lines: number;
}

export class LineBudget {
  readonly #window: number;
  readonly #spent = new BoundedMap<Spent>(MAXIMUM_SOURCES);

  /** @param window milliseconds */
  constructor(window: number) {
    this.#window = window;
  }

  /**
   * Whether there may be one more line now, which then counts.
   * @param at milliseconds since 1970
   */
  spend(kind: string, { kind: authorKind, name, clientAddress }: Author, at: number): boolean {
    // Under each name, so that nothing that is made up hides whose password somebody tries to guess.
    const source = JSON.stringify([kind, authorKind, name, networkOf(clientAddress)]);
    const known = this.#spent.get(source);
    const spent = known && known.until > at ? known : this.#begin(source, at);
    if (spent.lines >= LINES[authorKind === 'anonymous' ? 'anonymous' : 'known']) return false;
    spent.lines += 1;
    return true;
  }

  #begin(source: string, at: number): Spent {
    const spent = { until: at + this.#window, lines: 0 };
    this.#spent.set(source, spent);
    return spent;
  }
}
