// What a run cost, told and held to the budget; and that CPU time counts processes that still live.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alwaysAllowedMinutes, costLines, limitMinutes, overBudget } from './budget.ts';
import { cpuSeconds, ownSeconds } from './cpu-time.ts';
import { parseFileTimes } from './file-clock-record.ts';

const costOf = (fileSeconds: readonly number[], otherSeconds: number, slowness = 1) => ({
  files: fileSeconds.map((cpu, at) => ({ path: `${at}.test.ts`, cpuSeconds: cpu, clockSeconds: 2 * cpu })),
  otherSeconds,
  slowness,
});

test('the costliest suites are told one by one, the rest as one line, and the sum beside the limit', () => {
  const lines = costLines(costOf([...Array.from({ length: 20 }, (_, at) => at + 1)], 30, 2));
  expect(lines).toHaveLength(1 + 15 + 3);
  expect(lines[1]).toMatch(/^ +20\.0 +40\.0 {2}19\.test\.ts$/);
  expect(lines[16]).toMatch(/^ +15\.0 +5 other suites$/);
  expect(lines[17]).toMatch(/^ +30\.0 /);
  expect(lines[18]).toBe('4.0 CPU minutes on a machine 2.00 times as slow as the reference: 2.0 of its 15');
});

test('a run is over the budget by what its suites and all the rest cost, on the reference machine', () => {
  const limit = limitMinutes * 60 * 4; // of a machine that is four times as slow
  expect(overBudget(costOf([limit - 100], 100, 4))).toBeUndefined();
  expect(overBudget(costOf([limit - 100], 101, 4))).toContain('over its budget of 15 CPU minutes');
  const allowed = alwaysAllowedMinutes * 60;
  expect(overBudget(costOf([allowed - 100], 100))).toBeUndefined();
  expect(overBudget(costOf([allowed - 100], 101))).toContain('over its budget');
});

test('a record of times is read line by line', () => {
  const time = { path: 'a.test.ts', cpuSeconds: 1.5, clockSeconds: 3 };
  expect(parseFileTimes(`${JSON.stringify(time)}\n${JSON.stringify(time)}\n`)).toEqual([time, time]);
});

test('CPU time of a child that still lives is counted', async ({ skip }) => {
  if (!existsSync('/proc/self/stat')) skip('no /proc');
  const work =
    'const c = () => process.cpuUsage().user; while (c() < 3e5); console.log(0); setInterval(c, 9e3)';
  const others = () => cpuSeconds() - ownSeconds();
  const before = others();
  const child = spawn(process.execPath, ['--eval', work], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  // The kernel tells it in steps of 10 ms.
  expect(others() - before).toBeGreaterThan(0.25);
  child.kill('SIGKILL');
  await once(child, 'exit');
});
