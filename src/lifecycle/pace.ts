// Keeps work that runs beside everything else to a rate: so many bytes a second, with pauses in between.
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

/** Shorter pauses are put together: milliseconds. */
const SHORTEST_PAUSE = 20;

export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>;

interface PaceOptions {
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pause?: Pause;
}

export class Pace {
  readonly #options: Required<PaceOptions>;
  /** How much sooner the work so far was done than it should be: milliseconds. */
  #ahead = 0;
  #last: number;

  constructor(options: PaceOptions) {
    this.#options = { pause: pauseByTimer, ...options };
    this.#last = options.clock.now();
  }

  /**
   * Waits until so many bytes more may be read. What was not used is not saved up: after a rest it goes on at the rate, and not
   * faster. A clock that is set back makes one pause longer, by what that pause is long.
   * @throws the signal's reason
   */
  async spend(bytes: number): Promise<void> {
    const { bytesPerSecond, clock, signal, pause } = this.#options;
    signal.throwIfAborted();
    const now = clock.now();
    this.#ahead = Math.max(0, this.#ahead - Math.max(0, now - this.#last)) + (bytes / bytesPerSecond) * 1000;
    this.#last = now;
    if (this.#ahead >= SHORTEST_PAUSE) await pause(Math.ceil(this.#ahead), signal);
  }
}

async function pauseByTimer(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal });
}
