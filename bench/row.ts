// One line of the benchmark: a figure of ours, what it is held against, and the ratio between them.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface BenchRow {
  readonly name: string;
  /** Our figure. */
  readonly value: number;
  readonly unit: string;
  /** The ratio above which the row fails; undefined for a figure that is only shown. */
  readonly limit?: number;
  /** The ratio that we aim for. */
  readonly aim?: number;
  /** Our figure over the peer's, both measured in this run. */
  readonly ratio?: number;
  /** What the peer is, and which time a figure in time is: wall, CPU or simulated. */
  readonly note: string;
}

/** Median of an odd or even number of samples. */
function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const wallMs = (): number => performance.now();

/**
 * CPU time of this process, all threads, in milliseconds: what other processes do on
 * the machine does not count.
 */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Two things measured alternately, so that a noisy machine disturbs both alike: medians of wall time, or of
 * CPU time the least, since what disturbs that only adds. Neither pays for the garbage of the other: it is
 * collected before each, outside of the measurement.
 */
export async function timePaired(
  rounds: number,
  ours: () => unknown | Promise<unknown>,
  peer: () => unknown | Promise<unknown>,
  // Rounds of the warm-up are not counted: code gets compiled, memory mapped.
  { time = 'wall', warmUpRounds = 60 }: { time?: 'wall' | 'cpu'; warmUpRounds?: number } = {},
): Promise<{ oursMs: number; peerMs: number }> {
  const now = time === 'wall' ? wallMs : cpuMs;
  const samples = { ours: [] as number[], peer: [] as number[] };
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [name, run] of [
      ['ours', ours],
      ['peer', peer],
    ] as const) {
      collectGarbage();
      const start = now();
      await run();
      if (round >= 0) samples[name].push(now() - start);
    }
  }
  const figure = time === 'wall' ? median : (all: readonly number[]) => Math.min(...all);
  return { oursMs: figure(samples.ours), peerMs: figure(samples.peer) };
}
