// Where tests lie and how they run; what is printed at the end comes from tools/test-report.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/{src,test}/**/*.test.ts',
      '{tools,lab,bench,device,examples,vectors}/**/*.test.ts',
    ],
    setupFiles: ['tools/test-report/file-clock.ts', 'tools/test-report/leave-nothing.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // A file after another in the same process: starting one, and loading the tree in it, costs half a second
    // of CPU time. So a test leaves nothing behind (leave-nothing.ts).
    isolate: false,
    // Node runs the sources as they are (and keeps what it compiled of them), as it does for users.
    experimental: { viteModuleRunner: false },
    // One more than there are cores: some suites wait for other processes most of their time.
    maxWorkers: availableParallelism() + 1,
  },
});
