// A scenario without a glitch: which of the agent's instructions are executed, at which steps, and which
// registers hold a verdict there. From that the glitches follow.

import type { AgentCode } from './agent-code.ts';
import type { Fork, Glitch } from './glitch.ts';
import type { Glitcher } from './glitcher.ts';

/** One execution of an address. */
interface Execution {
  readonly step: number;
  readonly occurrence: number;
}

interface Seen {
  readonly first: Execution;
  last: Execution;
  /** A seeded one in between, where there are more than two. */
  middle?: Execution;
}

export interface Reference {
  /** Step at which the last byte of the request is taken; 0 for boots. */
  readonly begins: number;
  readonly seen: ReadonlyMap<number, Seen>;
  readonly steps: number;
  readonly polls: number;
}

/** Of `count` executions one that is neither the first nor the last, the same at each run of the campaign. */
const middleOf = (address: number, count: number): number =>
  2 + ((Math.imul(address >>> 1, 0x9e3779b1) >>> 0) % (count - 2));

/**
 * `run` runs the scenario once; it is called twice. `begin`: address of the function
 * that takes a byte of a request.
 */
export function referenceOf(glitcher: Glitcher, begin: number | undefined, run: () => void): Reference {
  const seen = new Map<number, Seen>();
  let steps = 0;
  let begins = 0;
  glitcher.trace = (pc, step, occurrence) => {
    steps = step + 1;
    if (pc === begin) begins = step;
    const known = seen.get(pc);
    const now = { step, occurrence };
    if (known === undefined) seen.set(pc, { first: now, last: now });
    else known.last = now;
  };
  run();
  const { polls } = glitcher;
  glitcher.trace = (pc, step, occurrence) => {
    const known = seen.get(pc);
    if (known === undefined || known.last.occurrence < 3) return;
    if (occurrence === middleOf(pc, known.last.occurrence)) known.middle = { step, occurrence };
  };
  run();
  glitcher.trace = undefined;
  return { begins, seen, steps, polls };
}

/** Addresses executed from the request's last byte on, in one run. */
export function reachOf(glitcher: Glitcher, begin: number | undefined, run: () => void): ReadonlySet<number> {
  const reached = new Set<number>();
  glitcher.trace = (pc) => {
    if (pc === begin) reached.clear();
    reached.add(pc);
  };
  run();
  glitcher.trace = undefined;
  return reached;
}

const executionsOf = ({ first, middle, last }: Seen, withMiddle: boolean): Execution[] =>
  [first, ...(withMiddle ? [middle] : []), last].filter(
    (one, i, all): one is Execution =>
      one !== undefined && all.findIndex((other) => other?.step === one.step) === i,
  );

/**
 * Each address skipped at its first and last execution (and a middle one), alone and
 * together with the next one.
 */
function skips(address: number, seen: Seen, withMiddle: boolean): [number, Glitch][] {
  return executionsOf(seen, withMiddle).flatMap(({ step, occurrence }) =>
    ([1, 2] as const).map((length): [number, Glitch] => [step, { address, occurrence, length }]),
  );
}

const bits = Array.from({ length: 32 }, (_, bit) => bit);

/** Every bit of the register, at the first and at the last execution. */
function flips(address: number, seen: Seen, register: number, afterwards: boolean): [number, Glitch][] {
  return [...new Set([seen.first, seen.last])].flatMap(({ step, occurrence }) =>
    bits.map((bit): [number, Glitch] => [
      step,
      { address, occurrence, length: 0, flip: { register, bit, afterwards } },
    ]),
  );
}

export interface Choice {
  /** A sample instead of all. */
  readonly take?: (glitch: Glitch) => boolean;
  /** Also a middle execution of instructions that are executed three times or more. */
  readonly withMiddle?: boolean;
  /**
   * Without running bypasses again with cryptography in machine code, which takes a quarter of a minute each.
   */
  readonly unconfirmed?: boolean;
  /** Ends with the first glitch that is a bypass also from the start. */
  readonly untilBypass?: boolean;
  /** Also while the frame comes in, before the agent looks at the request. */
  readonly whole?: boolean;
}

/** All glitches of a scenario that are chosen, by step. */
export function forksOf(
  { seen, begins }: Reference,
  { returnsOfVerdicts, loadsOfVerdicts }: Pick<AgentCode, 'returnsOfVerdicts' | 'loadsOfVerdicts'>,
  { take, withMiddle = false, whole = false }: Choice,
): Fork[] {
  const byStep = new Map<number, Glitch[]>();
  for (const [address, executions] of seen) {
    const loaded = loadsOfVerdicts.get(address);
    const all = [
      ...skips(address, executions, withMiddle),
      ...(returnsOfVerdicts.has(address) ? flips(address, executions, 0, false) : []),
      ...(loaded === undefined ? [] : flips(address, executions, loaded, true)),
    ];
    for (const [step, glitch] of all) {
      if ((!whole && step < begins) || take?.(glitch) === false) continue;
      const there = byStep.get(step);
      if (there === undefined) byStep.set(step, [glitch]);
      else there.push(glitch);
    }
  }
  return [...byStep].map(([step, glitches]) => ({ step, glitches })).sort((a, b) => a.step - b.step);
}
