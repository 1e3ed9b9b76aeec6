// Sessions at one door until so many malformed answers were given. What may happen: the client succeeds,
// or ends in a typed fault, within bounded simulated time and without keeping memory. Anything else names
// the session and throws.

import { Fault } from '@firmseal/fault';
import { seededRandom, TestClock } from '@firmseal/link/testing';
import { HostGaveUp, type Session } from './doors.ts';
import { Mutator } from './mutation.ts';

export interface DoorReport {
  readonly sessions: number;
  readonly malformed: number;
  /** Sessions that ended well in spite of it. */
  readonly succeeded: number;
  readonly faults: ReadonlyMap<string, number>;
  /** The longest session, on its own clock. */
  readonly longestSeconds: number;
}

export interface DoorOptions {
  readonly door: string;
  readonly session: Session;
  readonly seed: string;
  /** Malformed answers to give at least. */
  readonly answers: number;
}

/** A bootloader that is brought back into step gives hundreds of answers: sessions are counted too. */
const mostCountedOfSession = 40;
/** Deadlines of the flash, times the attempts on a bad line, for a session that programs a page. */
const longestAllowedSeconds = 3600;
/** What the process may have more at the end than after the first tenth. */
const mostGrowthBytes = 128 * 1024 * 1024;

const seedOf = (text: string): number =>
  [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);

/** Faults that only a defect of ours gives. */
const forbidden: ReadonlySet<string> = new Set(['internal-error']);

/** Code of the fault; undefined when the session succeeded. Throws for everything that no client may do. */
async function outcomeOf({ door, session, seed }: DoorOptions, mutator: Mutator, clock: TestClock) {
  try {
    await clock.run(session(mutator, clock));
    return undefined;
  } catch (error) {
    if (error instanceof HostGaveUp) return 'not enumerated';
    if (error instanceof Fault && !forbidden.has(error.code)) return error.code;
    throw new Error(`${door}, seed ${seed}: ${String(error)}`, { cause: error });
  }
}

export async function runDoor(options: DoorOptions): Promise<DoorReport> {
  const { door, seed, answers } = options;
  const faults = new Map<string, number>();
  let [sessions, malformed, succeeded, longestSeconds] = [0, 0, 0, 0];
  let heapAtTenth: number | undefined;
  while (malformed < answers || sessions * mostCountedOfSession < answers) {
    const one = `${seed}/${sessions++}`;
    const clock = new TestClock();
    const mutator = new Mutator(seededRandom(seedOf(`${door} ${one}`)));
    const outcome = await outcomeOf({ ...options, seed: one }, mutator, clock);
    malformed += mutator.malformed;
    if (outcome === undefined) succeeded++;
    else faults.set(outcome, (faults.get(outcome) ?? 0) + 1);
    longestSeconds = Math.max(longestSeconds, clock.nowMs() / 1000);
    if (longestSeconds > longestAllowedSeconds)
      throw new Error(`${door}, seed ${one}: ${longestSeconds} simulated seconds`);
    if (malformed >= answers / 10) heapAtTenth ??= process.memoryUsage().heapUsed;
  }
  const growth = process.memoryUsage().heapUsed - (heapAtTenth ?? 0);
  if (growth > mostGrowthBytes) throw new Error(`${door}, seed ${seed}: ${growth} bytes were kept`);
  return { sessions, malformed, succeeded, faults, longestSeconds };
}
