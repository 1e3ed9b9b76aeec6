// Command lines of the tree's own tasks: words where a number belongs, and each task that takes words
// given words that it cannot know.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atMost, oneOf, wholeNumber } from './command-line.ts';

const root = join(import.meta.dirname, '..');

test('a number is decimal digits and large enough', () => {
  expect(wholeNumber('1000000', 'inputs')).toBe(1_000_000);
  expect(wholeNumber('0', 'each', 0)).toBe(0);
  for (const text of ['', '0', '-1', '1.5', '1e3', '0x10', ' 7', 'NaN', 'many', '99999999999999999999'])
    expect(() => wholeNumber(text, 'inputs')).toThrow(`inputs is a whole number from 1, not "${text}".`);
});

test('a word is one of those that there are', () => {
  expect(oneOf('wasm', 'build', ['wasm', 'thumb'])).toBe('wasm');
  expect(() => oneOf('arm', 'build', ['wasm', 'thumb'])).toThrow(
    '"arm" is no build; there are: wasm, thumb.',
  );
  expect(() => atMost(['1', '2', '3'], 2)).toThrow('Not understood: 3.');
});

interface Task {
  readonly script: string;
  readonly words: readonly string[];
  readonly said: string;
}

const tasks: readonly Task[] = [
  { script: 'lab/fuzz/doors.ts', words: ['many'], said: 'inputs is a whole number from 1, not "many".' },
  { script: 'lab/fuzz/doors.ts', words: ['10', '7', 'uart'], said: 'Not understood: uart.' },
  { script: 'lab/fuzz/main.ts', words: ['door'], said: '"door" is no part;' },
  { script: 'lab/fuzz/main.ts', words: ['runs', 'many'], said: 'runs is a whole number from 1, not "many".' },
  {
    script: 'lab/kill/main.ts',
    words: ['--rounds', '0'],
    said: '--rounds is a whole number from 1, not "0".',
  },
  { script: 'lab/damage/main.ts', words: ['all'], said: 'Not understood: all.' },
  { script: 'lab/power/main.ts', words: ['--chip', 'stm32f1'], said: '"stm32f1" is no chip;' },
  { script: 'lab/power/main.ts', words: ['--cuts', '7'], said: "Unknown option '--cuts'" },
  {
    script: 'lab/conformance/clients/main.ts',
    words: ['stm32flash', 'stm32f1'],
    said: '"stm32f1" is no chip or client;',
  },
  { script: 'lab/vectors-thumb/main.ts', words: ['--lists'], said: "Unknown option '--lists'" },
  { script: 'bench/main.ts', words: ['--jsn'], said: "Unknown option '--jsn'" },
];

test.each(tasks)('$script $words is refused', ({ script, words, said }) => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(root, script), ...args], { encoding: 'utf8', timeout: 60_000 });
  const { status, stdout, stderr } = run(...words);
  expect(stderr).toContain(said);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('help is shown, and nothing runs', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'lab/fuzz/doors.ts'), '--help'], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('npm run lab -- fuzz-doors [inputs] [seed]\n');
  expect(status).toBe(0);
});
