// Which instructions inside the cryptography are skipped. Where a call comes to a verdict: a seeded sample,
// dense at its end. Where it works with a private key: each address at its first, a middle and its last
// execution, and a seeded sample of all executions. A signature takes millions of instructions.

import { bytesOf } from '../../device/agent/port/bearssl/test/numbers.ts';
import type { Campaign, LibraryReport } from './campaign.ts';
import type { Prepared } from './scenarios.ts';
import { chance } from './target.ts';

interface Part {
  readonly scenario: string;
  readonly function: string;
  readonly call: number;
  /** Instructions skipped: over the whole call, and among its last ones. */
  readonly whole: number;
  readonly end: number;
  readonly lastInstructions: number;
  /** Also each address, at its first, a middle and its last execution. */
  readonly addresses?: true;
}

/** 10,000 verdicts, and each address and 10,000 executions of what works with a private key. */
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
  {
    ...{ scenario: 'hello, signed otherwise', function: 'fs_crypto_es256_sign', call: 1 },
    ...{ whole: 5000, end: 0, lastInstructions: 0, addresses: true },
  },
  {
    ...{ scenario: 'good license, taken otherwise', function: 'fs_crypto_ecdh', call: 1 },
    ...{ whole: 2500, end: 0, lastInstructions: 0, addresses: true },
  },
  {
    ...{ scenario: 'license with another content key', function: 'fs_crypto_ecdh', call: 1 },
    ...{ whole: 2500, end: 0, lastInstructions: 0, addresses: true },
  },
];

/** By a text, so that the same text gives the same choice. */
const numberOf = (seed: string): number =>
  [...seed].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 0);

/** Steps of each address: the first, one in the middle, the last. */
function eachAddress(addresses: Uint32Array): number[] {
  const counts = new Map<number, number>();
  const steps = new Map<number, [first: number, last: number]>();
  for (const [step, address] of addresses.entries()) {
    counts.set(address, (counts.get(address) ?? 0) + 1);
    const known = steps.get(address);
    if (known === undefined) steps.set(address, [step, step]);
    else known[1] = step;
  }
  const seen = new Map<number, number>();
  const middles: number[] = [];
  for (const [step, address] of addresses.entries()) {
    const count = (seen.get(address) ?? 0) + 1;
    seen.set(address, count);
    if (count === (counts.get(address)! >> 1) + 1) middles.push(step);
  }
  return [...steps.values()].flat().concat(middles);
}

/** Different numbers from `from` up to but not including `to`, the same at each call. */
function draw(from: number, to: number, count: number, seed: string): Set<number> {
  const drawn = new Set<number>();
  let state = (from ^ to ^ count ^ numberOf(seed)) >>> 0;
  while (drawn.size < Math.min(count, to - from)) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    drawn.add(from + Math.floor((state / 2 ** 32) * (to - from)));
  }
  return drawn;
}

export interface PartReport extends LibraryReport {
  readonly part: Part;
  /**
   * Right signatures that left under another nonce than without a glitch; `known`: part
   * of it is the same each time.
   */
  readonly oddNonces: readonly { readonly step: number; readonly isKnown: boolean }[];
}

/** With other random bytes the same glitch has to give another nonce, byte for byte. */
const chances = ['nonce 1', 'nonce 2', 'nonce 3', 'nonce 4'];

/** `every`: attacks each N-th instruction of the sample; `shift`: beginning with this one. */
export function attackLibrary(
  campaign: Campaign,
  { target, scenarios }: Prepared,
  part: Part,
  {
    every = 1,
    shift = 0,
    seed = '',
  }: { readonly every?: number; readonly shift?: number; readonly seed?: string } = {},
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
  const odd: number[] = [];
  const report = campaign.attackLibrary(
    scenario,
    call,
    (addresses) => {
      const steps = addresses.length;
      const last = Math.max(0, steps - lastInstructions);
      const drawn = new Set([
        ...(part.addresses ? eachAddress(addresses) : []),
        ...draw(0, steps, whole, seed),
        ...draw(last, steps, end, seed),
      ]);
      return [...drawn].sort((a, b) => a - b).filter((_, i) => i % every === shift % every);
    },
    (step) => {
      if (scenario.answers?.odd !== undefined) odd.push(step);
    },
  );
  return { part, ...report, oddNonces: odd.map((step) => ({ step, isKnown: isKnown(step) })) };

  function isKnown(step: number): boolean {
    const nonces = chances.map((text) => {
      let nonce: bigint | undefined;
      campaign.chance = text;
      const note = () => {
        nonce = scenario.answers!.odd;
      };
      campaign.attackLibrary(scenario, call, () => [step], note);
      return nonce;
    });
    campaign.chance = chance;
    const found = nonces.filter((nonce) => nonce !== undefined).map((nonce) => bytesOf(nonce));
    return found.length > 1 && found[0]!.some((byte, i) => found.every((other) => other[i] === byte));
  }
}
