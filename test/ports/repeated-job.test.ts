// A job of every hour: it runs at once, goes on after a failure, and ends before the server does.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HOUR } from '../../src/ports/clock.ts';
import { runEvery } from '../../src/ports/repeated-job.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it runs at the start and every hour, whatever a run throws', async () => {
  const failures: unknown[] = [];
  let runs = 0;
  const job = async () => {
    runs += 1;
    if (runs === 2) throw new Error('the second one');
  };
  await using _running = runEvery(HOUR, job, (error) => failures.push(error));
  await vi.advanceTimersByTimeAsync(HOUR - 1);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(2 * HOUR);
  expect([runs, failures]).toEqual([3, [new Error('the second one')]]);
});

test('while a run goes on, no other one begins, and the end waits for it', async () => {
  let runs = 0;
  let end = (): void => undefined;
  const job = async () => {
    runs += 1;
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  const running = runEvery(HOUR, job, () => undefined);
  await vi.advanceTimersByTimeAsync(3 * HOUR);
  expect(runs).toBe(1);
  let hasEnded = false;
  const ending = running[Symbol.asyncDispose]().then(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(HOUR);
  expect([runs, hasEnded]).toEqual([1, false]);
  end();
  await ending;
  expect(runs).toBe(1);
});
