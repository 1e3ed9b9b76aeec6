// Which instructions inside the cryptography are skipped: a seeded sample, dense at the end of a call, where
// it comes to its verdict. A whole ECDSA verification takes tens of millions of instructions.

import type { Campaign, LibraryReport } from './campaign.ts';
import type { Prepared } from './scenarios.ts';

interface Part {
  readonly scenario: string;
  readonly function: string;
  readonly call: number;
  /** Instructions skipped: over the whole call, and among its last ones. */
  readonly whole: number;
  readonly end: number;
  readonly lastInstructions: number;
}

/** 10,000 in all. */
export const parts: readonly Part[] = [
  {
    ...{ scenario: 'record with wrong tag', function: 'fs_crypto_gcm_open', call: 1 },
    ...{ whole: 2000, end: 1000, lastInstructions: 4000 },
  },
  {
    ...{ scenario: 'record with wrong hash', function: 'fs_crypto_sha256_update', call: 1 },
    ...{ whole: 2000, end: 500, lastInstructions: 2000 },
  },
  {
    ...{ scenario: 'record with wrong hash', function: 'fs_crypto_sha256_final', call: 1 },
    ...{ whole: 1000, end: 500, lastInstructions: 1000 },
  },
  {
    ...{ scenario: 'manifest signature altered', function: 'fs_crypto_es256_verify', call: 2 },
    ...{ whole: 30, end: 1470, lastInstructions: 20_000 },
  },
  {
    ...{ scenario: 'license signature altered', function: 'fs_crypto_es256_verify', call: 2 },
    ...{ whole: 30, end: 1470, lastInstructions: 3000 },
  },
];

/** Different numbers from `from` up to but not including `to`, the same at each call. */
function draw(from: number, to: number, count: number): Set<number> {
  const drawn = new Set<number>();
  let state = (from ^ to ^ count) >>> 0;
  while (drawn.size < Math.min(count, to - from)) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    drawn.add(from + Math.floor((state / 2 ** 32) * (to - from)));
  }
  return drawn;
}

export interface PartReport extends LibraryReport {
  readonly part: Part;
}

/** `every`: attacks each N-th instruction of the sample. */
export function attackLibrary(
  campaign: Campaign,
  { target, scenarios }: Prepared,
  part: Part,
  every = 1,
): PartReport {
  const { whole, end, lastInstructions } = part;
  const scenario = scenarios.find(({ name }) => name === part.scenario)!;
  const addressOf = (name: string) => target.code.symbols.get(name)!.address & ~1;
  const call = {
    ...{ address: addressOf(part.function), call: part.call },
    family: part.function.includes('sha256')
      ? ['init', 'update', 'final'].map((name) => addressOf(`fs_crypto_sha256_${name}`))
      : [],
  };
  const report = campaign.attackLibrary(scenario, call, (steps) => {
    const last = Math.max(0, steps - lastInstructions);
    const drawn = new Set([...draw(0, steps, whole), ...draw(last, steps, end)]);
    return [...drawn].sort((a, b) => a - b).filter((_, i) => i % every === 0);
  });
  return { part, ...report };
}
