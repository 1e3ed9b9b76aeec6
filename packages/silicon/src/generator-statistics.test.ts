// The tests of random bytes on sound ones and on each kind of broken ones.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { generatorStatistics, looksRandom } from './index.ts';

const blockBytes = 16;
/** SHA-256 in counter mode: the same sound bytes in each run. */
const sound = (blocks: number, label = '') =>
  Array.from({ length: blocks }, (_, i) =>
    new Uint8Array(createHash('sha256').update(`${label} ${i}`).digest()).subarray(0, blockBytes),
  );
const mapped = (change: (byte: number, at: number) => number) =>
  sound(64).map((block, i) => block.map((byte, j) => change(byte, blockBytes * i + j)));

it('finds nothing in a hundred sound samples', () => {
  for (let i = 0; i < 100; i++) {
    const found = generatorStatistics(sound(64, `sample ${i}`));
    expect(looksRandom(found), JSON.stringify(found)).toBe(true);
  }
});

it('has the cutoffs of SP 800-90B 4.4', () => {
  // 4.4.1: 1 + ceil(20 / H). 4.4.2: one more than the critical value of the binomial distribution.
  expect(generatorStatistics(sound(64))).toMatchObject({ runCutoff: 5, windowCutoff: 25, sampleBytes: 1024 });
});

it.each<[string, Uint8Array[], string]>([
  ['that stand still', mapped(() => 0x5a), 'longestRun'],
  ['one of which comes too often', mapped((byte, at) => (at % 9 === 0 ? 7 : byte)), 'mostInWindow'],
  ['without one bit', mapped((byte) => byte & 0xf7), 'chiSquare'],
  ['that start again', [...sound(32), ...sound(32)], 'repeatedBlocks'],
])('finds bytes %s', (_, blocks, by) => {
  const found = generatorStatistics(blocks);
  expect(looksRandom(found)).toBe(false);
  const tooMuch = {
    longestRun: found.longestRun >= found.runCutoff,
    mostInWindow: found.mostInWindow >= found.windowCutoff,
    chiSquare: found.chiSquare >= found.chiSquareLimit,
    repeatedBlocks: found.repeatedBlocks > 0,
  };
  expect(tooMuch).toMatchObject({ [by]: true });
});
