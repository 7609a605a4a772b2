// The port to the time of day.

/** milliseconds */
export const HOUR = 60 * 60 * 1000;
/** milliseconds */
export const DAY = 24 * HOUR;

export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
