import { defineConfig } from 'vitest/config';

// What `npm test` runs: everything that needs nothing but Node.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/conformance/**', 'test/torture/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
