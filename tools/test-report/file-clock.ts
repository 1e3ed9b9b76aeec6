// Set up by vitest before each test file: when the file has ended, its CPU time and its time on the clock are
// appended, one JSON object a line, to the file that FIRMSEAL_CPU names. Without that variable it does
// nothing.
//
// A worker of vitest's may run several files, one after the other: each file counts from the end of the
// previous one, so the start of the worker and the imports belong to the file that needed them.

import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { cpuSeconds } from './cpu-time.ts';
import type { FileTime } from './file-clock-record.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const record = process.env['FIRMSEAL_CPU'];
const counted = globalThis as typeof globalThis & { firmsealCounted?: { cpu: number; clock: number } };

if (record !== undefined) {
  // Registered before any hook of the file itself, so it runs after all of them.
  afterAll(() => {
    const previous = counted.firmsealCounted ?? { cpu: 0, clock: 0 };
    const now = { cpu: cpuSeconds(), clock: performance.now() / 1000 };
    counted.firmsealCounted = now;
    const time: FileTime = {
      path: relative(root, expect.getState().testPath ?? ''),
      // A process that was counted while it lived is lost when nobody waits for its end.
      cpuSeconds: Math.max(0, now.cpu - previous.cpu),
      clockSeconds: now.clock - previous.clock,
    };
    appendFileSync(record, `${JSON.stringify(time)}\n`);
  });
}
