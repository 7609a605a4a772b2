// Counts requests of each source as a bucket that runs dry at a steady rate, so that who has to wait waits for moments only.
import type { FastifyRateLimitOptions, FastifyRateLimitStore } from '@fastify/rate-limit';
import { BoundedMap } from '../../events/bounded-map.ts';
import type { Clock } from '../../ports/clock.ts';

/** Strangers make sources up; a request of one that was forgotten finds an empty bucket. */
const MAXIMUM_SOURCES = 50_000;

/** milliseconds */
export const MINUTE = 60_000;

interface Bucket {
  /** Requests, as of `at`. */
  readonly level: number;
  /** milliseconds since 1970 */
  readonly at: number;
}

type Counted = (error: Error | null, result?: { readonly current: number; readonly ttl: number }) => void;

/**
 * What `@fastify/rate-limit` counts with. Its own store counts in windows: who is one request over has to wait for the rest of
 * a minute, and helm waits in silence. Here a place is free again as soon as a request's share of the window is over.
 */
export class RequestBuckets implements FastifyRateLimitStore {
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<Bucket>(MAXIMUM_SOURCES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells more than `max` when there is no place; such a request does not count, so that asking does not prolong the wait. */
  incr(source: string, counted: Counted, timeWindow: number, max: number): void {
    const left = this.#levelOf(source, max, timeWindow);
    const isFull = left + 1 > max;
    this.set(source, isFull ? left : left + 1);
    const wait = isFull ? ((left + 1 - max) * timeWindow) / max : 0;
    counted(null, { current: isFull ? max + 1 : Math.ceil(left + 1), ttl: wait });
  }

  /** Adds requests that were answered already: as many as there are places, since more are not waited for. @returns what there is now */
  add(source: string, count: number, requestsPerMinute: number): number {
    const level = Math.min(requestsPerMinute, this.#levelOf(source, requestsPerMinute) + count);
    this.set(source, level);
    return level;
  }

  hasRoom(source: string, requestsPerMinute: number): boolean {
    return this.#levelOf(source, requestsPerMinute) + 1 <= requestsPerMinute;
  }

  set(source: string, level: number): void {
    this.#buckets.set(source, { level, at: this.#clock.now() });
  }

  #levelOf(source: string, max: number, timeWindow = MINUTE): number {
    const now = this.#clock.now();
    const { level, at } = this.#buckets.get(source) ?? { level: 0, at: now };
    // A clock that is set back empties nothing, and from here on counts like any other.
    return Math.max(0, level - (Math.max(0, now - at) * max) / timeWindow);
  }

  child(): FastifyRateLimitStore {
    return this;
  }
}

/** The class that the plugin makes its store of. */
export function storeOf(buckets: RequestBuckets): new (options: FastifyRateLimitOptions) => FastifyRateLimitStore {
  return class implements FastifyRateLimitStore {
    incr(source: string, counted: Counted, timeWindow: number, max: number): void {
      buckets.incr(source, counted, timeWindow, max);
    }

    child(): FastifyRateLimitStore {
      return this;
    }
  };
}
