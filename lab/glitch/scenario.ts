// One thing that the attacker tries. A scenario begins at a reset and repeats the requests before the attack;
// it ends with the one request, or the one boot, during which a glitch may hit.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import type { Request } from './requests.ts';
import type { SignedAnswers } from './signed-answers.ts';
import type { Target } from './target.ts';

export interface Scenario {
  readonly name: string;
  readonly from: ChipSnapshot;
  /**
   * Requests before the attack, and what the attacker does to the chip between them. Where a boot is
   * attacked: events from power-on to the reset that begins that boot.
   */
  readonly before: readonly (Request | ((target: Target) => void))[];
  /** The request that is attacked; without it the boot is attacked. */
  readonly request?: Request;
  /** Code of the refusal without a glitch. */
  readonly refusal?: string;
  /** The request is good, so status 0 is no sign of a bypass. */
  readonly statusIsNothing?: boolean;
  /**
   * Where an application may boot: whether the address at which it was entered, and the journal, are right.
   */
  readonly bootsWell?: (target: Target, at: number) => boolean;
  /** Whether a boot that is not right has a bad end; without this function it always has. */
  readonly bootEndsBad?: (target: Target) => boolean;
  /** Option bytes that the request is to program, as `Glitcher.planned` gives them. */
  readonly programs?: string;
  /** Whether the agent holds something bad after the request; without it, the session's phase decides. */
  readonly isBad?: (target: Target) => boolean;
  /**
   * The journal's state in which a good install ends. With it, a request that was taken in another way is a
   * bypass only when the requests that follow lead to a complete install in another state.
   */
  readonly endsIn?: string;
  /**
   * The same where the state in RAM does not show it: whether a request that was taken
   * in another way ends badly.
   */
  readonly endsBad?: (target: Target) => boolean;
  /** The state that is compared with `endsIn`; by default Target.state. */
  readonly stateOf?: (target: Target) => string;
  /** Whether what the agent sent says what it must not: a faulty signature, or a secret. */
  readonly leaks?: (target: Target) => boolean;
  /** Signed answers of the request. */
  readonly answers?: SignedAnswers;
  /** Good requests that follow, in the attacker's hope to complete the install. */
  readonly after: readonly Request[];
}

/** A request, or what differs from one that starts on the chip as it is. */
export type Made = Pick<Scenario, 'name' | 'request' | 'refusal'> & Partial<Scenario>;
