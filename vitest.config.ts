import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Half of what waits for the next file waits for other programs.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/browser/**',
            'test/cli/**',
            'test/docker/**',
            'test/e2e/**',
            'test/forge-real/**',
            'test/install/**',
            'test/many/**',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          globalSetup: ['test/cli/build.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/cli/build.ts', 'test/e2e/engine.ts'],
          testTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'forge',
          include: ['test/forge-real/**/*.test.ts'],
          globalSetup: ['test/forge-real/build.ts'],
          testTimeout: 120_000,
        },
      },
      { test: { name: 'install', include: ['test/install/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 900_000 } },
      {
        test: {
          name: 'jobs',
          include: ['test/many/**/*.test.ts'],
          globalSetup: ['test/cli/build.ts'],
          testTimeout: 1_800_000,
        },
      },
      { test: { name: 'docker', include: ['test/docker/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
