// All scenarios of the campaign, on one chip: boots, trials, a resumed install, requests.

import type { AgentBuild } from '../../device/agent/toolchain/thumb.ts';
import { boots } from './boot-scenarios.ts';
import { requests } from './request-scenarios.ts';
import { resumed } from './resume-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { signings } from './signing-scenarios.ts';
import { Target } from './target.ts';
import { trials } from './trial-scenarios.ts';

export interface Prepared {
  readonly target: Target;
  readonly scenarios: readonly Scenario[];
  /** A boot that must succeed, so that not booting means something. */
  readonly good: Scenario;
}

const kinds = ['boots', 'signings', 'trials', 'resumed', 'requests'] as const;

/**
 * All scenarios on one chip, or those of some kinds. `weaken` may alter the agent in flash; `build`: another
 * build than that of the sources.
 */
export async function prepare(
  weaken: (target: Target) => void = () => {},
  build?: AgentBuild,
  only: readonly (typeof kinds)[number][] = kinds,
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
  if (only.includes('boots')) scenarios.push(...(await boots(target, { fresh, installed })));
  if (only.includes('signings')) scenarios.push(...signings(target, installed));
  if (only.includes('trials')) scenarios.push(...(await trials(target, installed)));
  if (only.includes('resumed')) scenarios.push(...(await resumed(target, installed)));
  line.chip.judge.restore(installed);
  line.chip.powerOn();
  if (only.includes('requests')) scenarios.push(...(await requests(target)));
  return { target, scenarios, good };
}
