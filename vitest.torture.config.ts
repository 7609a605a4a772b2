import { defineConfig } from 'vitest/config';

// What `npm run test:torture` runs: crashes, cut power, races, faults and hostile bytes, by a seed, one file at a time.
export default defineConfig({
  test: {
    include: ['test/torture/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 24 * 60 * 60 * 1000,
    hookTimeout: 600_000,
    disableConsoleIntercept: true,
  },
});
