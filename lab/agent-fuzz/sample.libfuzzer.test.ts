// Each fuzz target for a moment (`npm run lab -- fuzz` is the whole), and that they notice what a
// parser does without a defence.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { bearsslMissing } from '../../device/agent/toolchain/bearssl.ts';
import { runTarget } from './run-target.ts';
import { fuzzTargets, seedsOf } from './seeds.ts';

const missing = bearsslMissing();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const home = mkdtempSync(join(tmpdir(), 'fuzz-'));
afterAll(() => rmSync(home, { recursive: true }));

it.each(fuzzTargets)('%s finds nothing in its seeds and what comes of them at once', (target) => {
  const runs = seedsOf(target).length + 200;
  const report = runTarget(target, { runs }, { home });
  expect([report.passed, report.passed || report.output]).toEqual([true, true]);
  expect(report.executions).toBeGreaterThanOrEqual(runs);
});

const unbounded = 'if (reader->length < UINT32_MAX) buffer->data[reader->length++] = byte;';

it.each([
  ['fuzz_cbor', 'cbor-string-inside', '', 'heap-buffer-overflow'],
  ['fuzz_frame', 'frame-inside-buffer', unbounded, 'global-buffer-overflow'],
] as const)('%s notices an agent without the defence %s', (target, defence, instead, finding) => {
  const weakening = { [defence]: instead };
  const report = runTarget(target, { seconds: 60 }, { home, weakening });
  expect(report.passed).toBe(false);
  expect(report.output).toContain(finding);
});
