// Long work in turns, between which everything else that waits has its own.
import { setImmediate } from 'node:timers/promises';

export class Turns {
  readonly #length: number;
  #done = 0;

  /** @param length how much work is done in one turn, in whatever `spend` counts */
  constructor(length: number) {
    this.#length = length;
  }

  /** Work of this size comes next; it waits when the turn is over. */
  async spend(work: number): Promise<void> {
    this.#done += work;
    if (this.#done < this.#length) return;
    this.#done = 0;
    await setImmediate();
  }
}
