import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// What `npm test` runs: everything that needs nothing but Node.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/conformance/**', 'test/torture/**'],
    // Vitest leaves one processor free, which on two is one half of them; tests mostly wait for a disk or for another process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
