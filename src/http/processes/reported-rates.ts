// How many requests a source may send, where another process of the server counts them all.
import type { Clock } from '../../ports/clock.ts';
import { ForMainProcess } from '../../ports/read-only.ts';
import type { SourceCount } from '../../ports/reader-messages.ts';
import { RequestBuckets } from '../limits/request-buckets.ts';

/**
 * What this process answers, it counts by itself, reports now and then, and hears how much it is with all others. Once a source
 * has no place left, the main process answers, as it will refuse. So a source can have at most so many requests too many as this
 * process answers between two reports.
 */
export class ReportedRates {
  readonly #buckets: RequestBuckets;
  readonly #requestsPerMinute: number;
  #unreported = new Map<string, number>();

  /** @param options.requestsPerMinute 0 for no limit */
  constructor({ clock, requestsPerMinute }: { readonly clock: Clock; readonly requestsPerMinute: number }) {
    this.#buckets = new RequestBuckets(clock);
    this.#requestsPerMinute = requestsPerMinute;
  }

  /** @throws ForMainProcess when there is no place for another one of the source */
  requireRoom(source: string): void {
    if (this.#requestsPerMinute === 0) return;
    if (!this.#buckets.hasRoom(source, this.#requestsPerMinute)) throw new ForMainProcess();
  }

  count(source: string): void {
    this.#add(source, 1);
  }

  /** One that is passed on is counted by the main process. */
  takeBack(source: string): void {
    this.#add(source, -1);
  }

  /** What was counted since it was asked for last. */
  take(): readonly SourceCount[] {
    const counted = [...this.#unreported];
    this.#unreported = new Map();
    return counted;
  }

  /** @param levels what the main process has counted of these sources */
  learn(levels: readonly SourceCount[]): void {
    for (const [source, level] of levels) {
      this.#buckets.set(source, level + (this.#unreported.get(source) ?? 0));
    }
  }

  #add(source: string, requests: number): void {
    if (this.#requestsPerMinute === 0) return;
    this.#buckets.add(source, requests, this.#requestsPerMinute);
    this.#unreported.set(source, (this.#unreported.get(source) ?? 0) + requests);
  }
}
