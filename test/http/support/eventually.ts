// Waits for what comes about by itself, however slow the machine is.
import { expect } from 'vitest';

/** Asks again and again until the expectation holds. */
export function eventually<Value>(ask: () => Value): ReturnType<typeof expect.poll<Awaited<Value>>> {
  return expect.poll(ask, { timeout: 20_000 }) as ReturnType<typeof expect.poll<Awaited<Value>>>;
}
