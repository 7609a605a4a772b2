// Buckets of requests: steady, bounded, and never confused by the clock.
import { expect, test } from 'vitest';
import { RequestBuckets } from '../../../src/http/limits/request-buckets.ts';
import { TestClock } from '../../support/clock.ts';

const WINDOW = 60_000;
const MAXIMUM = 60;

function countIn(buckets: RequestBuckets, source = 'ann') {
  const found = { current: 0, ttl: 0 };
  buckets.incr(source, (_error, result) => Object.assign(found, result), WINDOW, MAXIMUM);
  return found;
}

test('who asks at a steady rate just within the limit is never refused', () => {
  const clock = new TestClock('2026-11-23T12:00:00Z');
  const buckets = new RequestBuckets(clock);
  for (let sent = 0; sent < 10 * MAXIMUM; sent += 1) {
    expect(countIn(buckets).current).toBeLessThanOrEqual(MAXIMUM);
    clock.advance(WINDOW / MAXIMUM);
  }
});

test('who is refused hears when there is place again, and then there is', () => {
  const clock = new TestClock('2026-11-23T12:00:00Z');
  const buckets = new RequestBuckets(clock);
  for (let sent = 0; sent < MAXIMUM; sent += 1) countIn(buckets);
  const { current, ttl } = countIn(buckets);
  expect(current).toBeGreaterThan(MAXIMUM);
  clock.advance(ttl - 1);
  expect(countIn(buckets).current).toBeGreaterThan(MAXIMUM);
  clock.advance(1);
  expect(countIn(buckets).current).toBeLessThanOrEqual(MAXIMUM);
});

test('a clock that jumps back empties no bucket and blocks nobody for longer than a window', () => {
  const clock = new TestClock('2026-11-23T12:00:00Z');
  const buckets = new RequestBuckets(clock);
  for (let sent = 0; sent < MAXIMUM; sent += 1) countIn(buckets);
  clock.advance(-24 * 60 * WINDOW);
  const { current, ttl } = countIn(buckets);
  expect(current).toBeGreaterThan(MAXIMUM);
  clock.advance(ttl);
  expect(countIn(buckets).current).toBeLessThanOrEqual(MAXIMUM);
});
