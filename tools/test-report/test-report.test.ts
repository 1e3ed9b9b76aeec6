// The counting of a test run: on planted suites that pass, fail, skip, or do not load, run by the
// real vitest with the real reporter.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lackingSuites } from './lacking.ts';
import type { RunRecord } from './reporter.ts';
import { runChecks, tallyChecks } from './static-checks.ts';
import { addTallies, closingLine, exitCodeOf, skippedLine } from './tally.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

beforeAll(() => {
  // Inside of the tree, where vitest can be imported; .cache is ignored by git.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache', 'planted-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs planted suites, by file name, and returns the record and vitest's exit code. */
function runPlanted(
  suites: Record<string, string>,
  config = '',
): { record: RunRecord; status: number | null } {
  const place = mkdtempSync(join(folder, 'run-'));
  for (const [name, body] of Object.entries(suites)) {
    const head = "import { beforeAll, describe, expect, test } from 'vitest';\n";
    writeFileSync(join(place, name), head + body);
  }
  writeFileSync(join(place, 'vitest.config.mjs'), `export default {${config}};`);
  const tallyPath = join(place, 'tally.json');
  const args = ['run', `--root=${place}`, `--reporter=${join(root, 'tools/test-report/reporter.ts')}`];
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: place,
    encoding: 'utf8',
    env: { ...process.env, FIRMSEAL_TALLY: tallyPath },
  });
  return { record: JSON.parse(readFileSync(tallyPath, 'utf8')) as RunRecord, status };
}

test('passed, failed and skipped tests are counted, the skipped with their reasons', () => {
  const { record, status } = runPlanted({
    'a.test.ts': `
      test('one', () => expect(1).toBe(1));
      test('two', () => expect(1).toBe(2));
      test('three', (context) => context.skip('no probe is plugged in'));
      test('four', (context) => context.skip('no probe is plugged in'));
      test['skip']('five', () => {}); // so written, this file keeps the rule that it breaks
      test.todo('six');`,
    'b.test.ts': "test('seven', () => {});",
  });
  expect(record.tally).toEqual({ passed: 2, failed: 1, skipped: 4 });
  expect(record.skippedSuites).toEqual([
    { name: 'a.test.ts', count: 2, reason: 'no probe is plugged in' },
    { name: 'a.test.ts', count: 1, reason: 'the test gives no reason' },
    { name: 'a.test.ts', count: 1, reason: 'to be written' },
  ]);
  expect(status).not.toBe(0);
});

test('a module that does not load, a hook that throws and a stray error are failures', () => {
  const { record } = runPlanted({
    'a.test.ts': "throw new Error('planted');",
    'b.test.ts':
      "describe('x', () => { beforeAll(() => { throw new Error('planted'); }); test('y', () => {}); });",
    'c.test.ts': "test('z', () => { Promise.reject(new Error('planted')); });",
  });
  expect(record.tally.passed).toBe(1);
  expect(record.tally.failed).toBe(3);
});

test('a file that leaves something behind fails, and the file after it does not', () => {
  const setup = JSON.stringify(join(root, 'tools/test-report/leave-nothing.ts'));
  const { record } = runPlanted(
    {
      'a.test.ts': "test('one', () => { process.env.FIRMSEAL_PLANTED = 'left'; });",
      'b.test.ts': "import { vi } from 'vitest'; test('two', () => { vi.useFakeTimers(); });",
      'c.test.ts': "test('three', () => {});",
    },
    `test: { pool: 'forks', isolate: false, maxWorkers: 1, setupFiles: [${setup}] }`,
  );
  expect(record.tally).toEqual({ passed: 3, failed: 2, skipped: 0 });
});

test('the closing line and the exit code', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 1 })).toBe('3 passed, 0 failed, 1 skipped');
  expect(exitCodeOf({ passed: 3, failed: 0, skipped: 1 })).toBe(0);
  expect(exitCodeOf({ passed: 3, failed: 1, skipped: 0 })).toBe(1);
  expect(exitCodeOf({ passed: 0, failed: 0, skipped: 5 })).toBe(1);
  expect(addTallies({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
  expect(skippedLine({ name: 'x', count: 1, reason: 'y' })).toBe('skipped: x (1 test): y');
});

test('a static check that fails, or does not start, counts as failed and keeps its output', async () => {
  const node = (script: string) => ({ command: process.execPath, args: ['--eval', script] });
  const results = await runChecks(
    [
      { name: 'good', ...node('0') },
      { name: 'bad', ...node('console.log("found it"); process.exit(1)') },
      { name: 'absent', command: 'firmseal-no-such-program', args: [] },
    ],
    root,
  );
  expect(results.map((result) => result.passed)).toEqual([true, false, false]);
  expect(results[1]!.output).toContain('found it');
  expect(results[2]!.output).toContain('firmseal-no-such-program');
  expect(tallyChecks(results)).toEqual({ passed: 1, failed: 2, skipped: 0 });
});

test('a suite that lacks a package is skipped with its reason; on CI it is a failure', () => {
  const needs = [
    { suite: 'agent in Thumb code', files: '**/*.arm.test.ts', packages: ['gcc-x', 'newlib-x'] },
    { suite: 'Python', files: '**/*.python.test.ts', packages: ['python-x'] },
    { suite: 'of no file yet', files: '**/*.none.test.ts', packages: ['newlib-x'] },
  ];
  const filesOf = (pattern: string) => (pattern.includes('none') ? [] : ['some.test.ts']);
  const skipped = lackingSuites(needs, ['newlib-x'], false, filesOf);
  expect(skipped.skippedSuites).toEqual([
    { name: 'agent in Thumb code', count: 1, reason: "needs Debian's newlib-x" },
  ]);
  expect(skipped.excludes).toEqual(['**/*.arm.test.ts']);
  expect(skipped.tally).toEqual({ passed: 0, failed: 0, skipped: 1 });
  expect(lackingSuites(needs, ['newlib-x'], true, filesOf).tally).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
  });
});
