import { defineConfig } from 'vitest/config';

// What `npm run test:clients` runs: real helm, oras, crane, regctl, skopeo, and the OCI conformance program.
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts', 'test/conformance/**/*.test.ts'],
    globalSetup: ['test/clients/find-clients.ts'],
    testTimeout: 300_000,
    hookTimeout: 1_500_000,
    maxWorkers: 2,
  },
});
