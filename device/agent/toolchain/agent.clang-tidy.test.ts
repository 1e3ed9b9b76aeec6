// Every C source that goes into an agent, for every ported chip and QEMU's board, under the checks of
// ../.clang-tidy; and that the checks find what they are for.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { sampledChips } from '../port/test/sampled-chips.ts';
import { bearsslMissing } from './bearssl.ts';
import { tidyFindings } from './clang-tidy.ts';
import { qemuTarget, type Target, targetOf } from './targets.ts';

const missing = bearsslMissing();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const folder = mkdtempSync(join(tmpdir(), 'tidy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const targets: [string, Target][] = [
  ...sampledChips
    .filter((id) => isWhole || id !== 'stm32f411')
    .map((id): [string, Target] => [id, targetOf(id)]),
  ['qemu', qemuTarget()],
];

/** The core is read with two chips: with a random generator, and without. */
const coreFor = ['stm32f427', 'stm32g0b1'];

it.each(targets)('finds nothing in the sources of %s', (name, target) => {
  const sources = target.sources.filter(
    (source) => source.endsWith('.c') && (coreFor.includes(name) || !source.includes('/core/')),
  );
  expect(sources.length).toBeGreaterThan(5);
  expect(tidyFindings(sources, target)).toBe('');
});

it.each([
  ['bugprone-suspicious-memset-usage', 'void f(uint8_t *p) { memset(p, 0x180, 4); }'],
  [
    'bugprone-branch-clone',
    'int f(int a) { if (a > 1) return 5; else if (a < -7) return 5; else return 6; }',
  ],
  ['cert-flp30-c', 'int f(void) { int n = 0; for (float x = 0; x < 1; x += 0.1f) n++; return n; }'],
  ['misc-no-recursion', 'int f(int a);\nint f(int a) { return a > 0 ? f(a - 1) : 0; }'],
])('finds %s where it is', (check, code) => {
  const source = join(folder, `${check}.c`);
  writeFileSync(source, `#include "fs_bytes.h"\n${code}\n`);
  expect(tidyFindings([source], targets[0]![1])).toContain(check);
});

it('leaves out no check without saying why', () => {
  const text = readFileSync(new URL('../.clang-tidy', import.meta.url), 'utf8');
  const left = [...text.matchAll(/,-([a-z0-9.-]+)/g)].map(([, name]) => name!);
  expect(left.length).toBeGreaterThan(0);
  for (const name of left) expect(text).toMatch(new RegExp(`^#\\s+${name}\\s+\\S`, 'm'));
});
