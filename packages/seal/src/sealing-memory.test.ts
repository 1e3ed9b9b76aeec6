// How far a process that seals grows above its idle size (test/sealing-memory.ts is that process).

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const node = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const child = fileURLToPath(new URL('../test/sealing-memory.ts', import.meta.url));
const MiB = 2 ** 20;

it('seals 2 MiB within 32 MiB and the image above idle', () => {
  const text = execFileSync(node, ['--expose-gc', child, `${2 * MiB}`], { encoding: 'utf8' });
  const { grownBytes, packageBytes } = JSON.parse(text);
  expect(packageBytes).toBe(2 * MiB + 2048 * 48);
  // The plaintext was allocated before the idle size was taken; the package is what grows with the image.
  expect(grownBytes).toBeLessThan(32 * MiB + 2 * MiB);
});
