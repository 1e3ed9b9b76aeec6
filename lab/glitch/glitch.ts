// What a glitch is, and a plan of many: what the attacker's hand (glitcher.ts) is told to
// do, and how a run of it can end.

/** What is done at one execution of an address. */
export interface Glitch {
  readonly address: number;
  /** 1: the first time that the address is executed after arming. */
  readonly occurrence: number;
  /** Number of instructions skipped in a row; 0 where a bit is flipped instead. */
  readonly length: 0 | 1 | 2;
  readonly flip?: { readonly register: number; readonly bit: number; readonly afterwards: boolean };
}

/** Why a forked run ended. */
export type End = 'waits' | 'reset' | 'booted' | 'hung' | 'crashed' | 'programs';

export interface LibraryCall {
  readonly address: number;
  /** 1: the first since arming. */
  readonly call: number;
  /** Functions that share a state with it, such as a running hash: all their calls run as machine code. */
  readonly family: readonly number[];
}

export interface Fork {
  /** Step of the unharmed run at which the glitches hit; forks are in ascending order. */
  readonly step: number;
  readonly glitches: readonly Glitch[];
}

export interface ForkPlan {
  /** Steps are the instructions of this call of a cryptographic function, which then runs as machine code. */
  readonly library?: LibraryCall;
  readonly forks: readonly Fork[];
  /** Polls of the link until the agent waits for the next request. */
  readonly pollsToEnd: number;
  /** Counted from the start of the run. */
  readonly instructionsMost: number;
  readonly ended: (glitch: Glitch, end: End) => void;
}

/** The run took more instructions than it was given: the firmware hangs. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** The forks are done, or the chip cannot be put back into an earlier state: the scenario starts again. */
export class ForksEnd extends Error {
  override readonly name = 'ForksEnd';
}
