// One thing that the attacker tries. A scenario begins at a reset and repeats the requests before the attack; it ends
// with the one request, or the one boot, during which a glitch may hit.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import type { Request, Target } from './target.ts';

export interface Scenario {
  readonly name: string;
  readonly from: ChipSnapshot;
  /**
   * Requests ahead, and what the attacker does to the chip between them. Where a boot is attacked, what happens from power-on
   * to the reset that begins it.
   */
  readonly before: readonly (Request | ((target: Target) => void))[];
  /** The bad one; without it the boot is what is attacked. */
  readonly request?: Request;
  /** Code with which it is refused when nothing is hit. */
  readonly refusal?: string;
  /** Where status 0 is what is due, and something else would be bad. */
  readonly statusIsNothing?: boolean;
  /** Where an application may boot: whether what was entered, at this address, and what the journal says then, is right. */
  readonly bootsWell?: (target: Target, at: number) => boolean;
  /** What a boot that is not right comes to: whether it is bad in the end. Without it, it is bad. */
  readonly bootEndsBad?: (target: Target) => boolean;
  /** Option bytes that the request is to program, as `Glitcher.planned` gives them. */
  readonly programs?: string;
  /** Whether what the agent holds after the request is what it must not; in place of the session's phase. */
  readonly isBad?: (target: Target) => boolean;
  /**
   * The journal's state in which a good install ends. Where it is given, what was taken otherwise is bad only when the
   * requests that follow lead to an install that ends well, and in another state.
   */
  readonly endsIn?: string;
  /** The same, for what is seen otherwise than by the state in RAM: whether what was taken otherwise ends badly. */
  readonly endsBad?: (target: Target) => boolean;
  /** What `endsIn` is compared with; Target.state without it. */
  readonly stateOf?: (target: Target) => string;
  /** Good requests that follow in the hope that the install ends well. */
  readonly after: readonly Request[];
}

/** A request, or what differs from one that starts on the chip as it is. */
export type Made = Pick<Scenario, 'name' | 'request' | 'refusal'> & Partial<Scenario>;
