import { defineConfig } from 'vitest/config';

// What `npm run test:torture` runs: crashes, races, faults, hostile bytes and load, one file at a time.
export default defineConfig({
  test: {
    include: ['test/torture/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
