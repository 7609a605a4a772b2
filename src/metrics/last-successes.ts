// When each background job last ended well, so that one that has stopped working is noticed.
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from './metrics.ts';

export class LastSuccesses {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #at = new Map<string, number>();

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    metrics.add({
      name: 'chartroom_job_last_success_timestamp_seconds',
      help: 'When the background job last ended well, since 1970; until it has once, when the server was started.',
      type: 'gauge',
      read: () => [...this.#at].map(([job, at]) => ({ labels: { job }, value: at / 1000 })),
    });
  }

  /**
   * The same job, whose successes are noted: that it resolves, and not with false. It is told of from now on, so that one that
   * never ends well is noticed too.
   */
  noting<Result>(job: string, run: () => Promise<Result>): () => Promise<Result> {
    this.#at.set(job, this.#startedAt);
    return async () => {
      const result = await run();
      if (result !== false) this.#at.set(job, this.#clock.now());
      return result;
    };
  }
}
