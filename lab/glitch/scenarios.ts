// What the attacker tries, and where the chip must refuse it. Each scenario begins at a reset, repeats what led there, and
// ends with the one request, or the one boot, during which a glitch may hit.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import type { AgentBuild } from '../../device/agent/toolchain/thumb.ts';
import { boots } from './boot-scenarios.ts';
import { requests } from './request-scenarios.ts';
import { resumed } from './resume-scenarios.ts';
import { type Request, Target } from './target.ts';
import { trials } from './trial-scenarios.ts';

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

export interface Prepared {
  readonly target: Target;
  readonly scenarios: readonly Scenario[];
  /** A boot that must succeed, so that not booting means something. */
  readonly good: Scenario;
}

/** All of them on one chip. `weaken` may alter the agent in flash; `build` is another one than that of the sources. */
export async function prepare(
  weaken: (target: Target) => void = () => {},
  build?: AgentBuild,
): Promise<Prepared> {
  const target = new Target(build);
  const { line } = target;
  weaken(target);
  await target.personalize();
  line.hello();
  const fresh = target.snapshot();
  line.chip.powerOn();
  await line.install(await target.package());
  const good = { name: 'good boot', from: target.snapshot(true), before: [], after: [] };
  const entry = target.slotStart + 0x100;
  const installed = target.snapshot();
  const scenarios: Scenario[] = [
    { ...good, name: 'boot: good, entered elsewhere', bootsWell: (_, at) => at === entry },
  ];
  scenarios.push(...(await boots(target, { fresh, installed })));
  scenarios.push(...(await trials(target, installed)), ...(await resumed(target, installed)));
  line.chip.judge.restore(installed);
  line.chip.powerOn();
  scenarios.push(...(await requests(target)));
  return { target, scenarios, good };
}
