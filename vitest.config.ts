// Where tests lie; what is printed at the end comes from tools/test-report.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/{src,test}/**/*.test.ts',
      '{tools,lab,bench,device,examples,vectors}/**/*.test.ts',
    ],
    setupFiles: ['tools/test-report/file-clock.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // One worker for each core: vitest keeps one core for itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
  },
});
