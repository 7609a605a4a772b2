// What connections may take follows from the machine, and leaves room for everything else.
import { expect, test } from 'vitest';
import { connectionsFor, heapFor, memoryFor, serverLimits } from '../../../src/http/limits/server-limits.ts';

const MEBIBYTE = 1024 * 1024;

test.each([
  [256, 28],
  [1024, 412],
  [20_000, 9_900],
  [1_048_576, 10_000],
  [Number.POSITIVE_INFINITY, 10_000],
  [100, 16],
])('with %d open files there may be %d connections, each with a file of its own', (openFiles, connections) => {
  expect(connectionsFor(openFiles)).toBe(connections);
});

test('memory is refused before a container or V8 is full, but never what an idle server needs', () => {
  expect(memoryFor(1024 * MEBIBYTE)).toBe(Math.floor(870.4 * MEBIBYTE));
  expect(memoryFor(128 * MEBIBYTE)).toBe(320 * MEBIBYTE);
  expect(heapFor(1000)).toBe(900);
});

test('the limits of this machine are numbers that a server can work with', () => {
  const limits = serverLimits();
  for (const [name, value] of Object.entries(limits)) expect([name, Number.isSafeInteger(value)]).toEqual([name, true]);
  expect(limits.maximumMemory).toBeGreaterThanOrEqual(memoryFor(0));
  expect(limits.keepAliveTimeout).toBeGreaterThan(60_000);
});
