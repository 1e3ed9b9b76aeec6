// Whether random bytes of a chip look broken: the two health tests of NIST SP 800-90B section 4.4, a
// chi-square of half-bytes, and a look for repeated blocks. They find a generator that stands still, that
// is biased, or that repeats itself. They cannot show that one is good.

export interface GeneratorStatistics {
  readonly sampleBytes: number;
  /** Longest run of one value (4.4.1), and the run that is too long. */
  readonly longestRun: number;
  readonly runCutoff: number;
  /** Most of one value among the 512 from the first of it (4.4.2), and how many are too many. */
  readonly mostInWindow: number;
  readonly windowCutoff: number;
  /** Of half-bytes, 15 degrees of freedom. */
  readonly chiSquare: number;
  readonly chiSquareLimit: number;
  /** Blocks that came before. */
  readonly repeatedBlocks: number;
}

/** Bits of entropy that each byte is taken to have; a good one has nearly 8. */
const claimedBits = 6;
/** A sound generator fails one test in a million. */
const falseAlarm = 2 ** -20;
const windowBytes = 512;
/** Of chi-square with 15 degrees of freedom at a probability of 1e-6. */
const chiSquareLimit = 56.5;

/** The least number of hits in `trials` that is less probable than a false alarm. */
function binomialCutoff(trials: number, probability: number): number {
  let one = (1 - probability) ** trials;
  let above = 1 - one;
  for (let hits = 0; hits < trials; hits++) {
    if (above <= falseAlarm) return hits + 1;
    one *= ((trials - hits) / (hits + 1)) * (probability / (1 - probability));
    above -= one;
  }
  return trials;
}

/** Blocks in the order in which the chip gave them, all of one length. */
export function generatorStatistics(blocks: readonly Uint8Array[]): GeneratorStatistics {
  const bytes = blocks.flatMap((block) => [...block]);
  let [longestRun, run] = [0, 0];
  for (const [i, byte] of bytes.entries()) {
    run = i > 0 && byte === bytes[i - 1] ? run + 1 : 1;
    longestRun = Math.max(longestRun, run);
  }
  let mostInWindow = 0;
  for (let start = 0; start + windowBytes <= bytes.length; start += windowBytes) {
    const window = bytes.slice(start, start + windowBytes);
    mostInWindow = Math.max(mostInWindow, window.filter((byte) => byte === window[0]).length);
  }
  const counts = new Array<number>(16).fill(0);
  for (const byte of bytes) for (const half of [byte & 0xf, byte >>> 4]) counts[half]!++;
  const expected = (2 * bytes.length) / 16;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return {
    ...{ sampleBytes: bytes.length, longestRun, mostInWindow, chiSquare, chiSquareLimit },
    runCutoff: 1 + Math.ceil(-Math.log2(falseAlarm) / claimedBits),
    windowCutoff: binomialCutoff(windowBytes, 2 ** -claimedBits),
    repeatedBlocks: blocks.length - new Set(blocks.map(String)).size,
  };
}

/** Whether no test failed. */
export const looksRandom = (found: GeneratorStatistics): boolean =>
  found.longestRun < found.runCutoff &&
  found.mostInWindow < found.windowCutoff &&
  found.chiSquare < found.chiSquareLimit &&
  found.repeatedBlocks === 0;
