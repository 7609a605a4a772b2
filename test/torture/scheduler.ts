// Runs several tasks step by step, in an order that a seed decides: one that the event loop could have chosen as well.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Random } from '../support/random.ts';

/** Without a step that could be taken, tasks wait for each other for ever. */
const MAXIMUM_IDLE = 100_000;

/** The fastest task may take so many times as many steps as the slowest: else no task would ever come late with its first one. */
const SPREAD = 300;

interface Waiting {
  readonly weight: number;
  readonly go: () => void;
}

export class Scheduler {
  readonly #random: Random;
  /** How often the task that runs is chosen, against the others. */
  readonly #weight = new AsyncLocalStorage<number>();
  readonly #waiting: Waiting[] = [];
  #isRunning = false;
  /** How many steps are under way that end by themselves, outside of this process's own work: of the disk. */
  #outside = 0;
  #steps = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Awaited before each step; resolves when it is this one's turn. */
  async turn(): Promise<void> {
    if (!this.#isRunning) return;
    const weight = this.#weight.getStore() ?? 1;
    await new Promise<void>((go) => this.#waiting.push({ weight, go }));
  }

  /** Runs a step whose end comes from outside. Until then no other step begins, so that its time decides nothing. */
  async step<Result>(run: () => Promise<Result>): Promise<Result> {
    await this.turn();
    this.#outside += 1;
    try {
      return await run();
    } finally {
      this.#outside -= 1;
    }
  }

  /** For what a step waits for in its middle, and that takes turns itself. */
  async within(): Promise<void> {
    this.#outside -= 1;
    try {
      await this.turn();
    } finally {
      this.#outside += 1;
    }
  }

  /** @throws Error when the tasks wait for each other for ever */
  async run<Result>(tasks: readonly (() => Promise<Result>)[]): Promise<readonly PromiseSettledResult<Result>[]> {
    this.#isRunning = true;
    let unfinished = tasks.length;
    const settled = Promise.allSettled(
      tasks.map((task) =>
        this.#weight.run(SPREAD ** this.#random.next(), async () => {
          await this.turn();
          try {
            return await task();
          } finally {
            unfinished -= 1;
          }
        }),
      ),
    );
    try {
      for (let idle = 0; unfinished > 0; ) {
        // Everything that can go on by itself has done so after this.
        await setImmediate();
        if (this.#outside > 0) continue;
        if (this.#waiting.length === 0) {
          idle += 1;
          if (idle > MAXIMUM_IDLE) throw new Error(`${unfinished} tasks wait for each other for ever`);
          continue;
        }
        idle = 0;
        this.#steps += 1;
        this.#choose().go();
      }
    } finally {
      this.#isRunning = false;
      for (const { go } of this.#waiting.splice(0)) go();
    }
    return await settled;
  }

  #choose(): Waiting {
    let left = this.#random.next() * this.#waiting.reduce((sum, { weight }) => sum + weight, 0);
    const index = this.#waiting.findIndex(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    const [chosen] = this.#waiting.splice(index, 1);
    if (!chosen) throw new Error('there is nobody to choose from');
    return chosen;
  }
}
