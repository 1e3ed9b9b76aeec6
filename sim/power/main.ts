// `npm run sim:power`: power cuts in personalization, install, update and update with option bytes, on the agent in C: at
// every operation on H743, and again at every operation of each recovery that is not like one met before (a share of the
// others); on the other chips at every erase, option byte and edge of a run of programs, and a seeded share inside the runs. `--chip ID` runs one chip. Exit code 1 when a cut
// did not happen or anything was not as it must be.

import { agentChipIds } from '../../device/agent/build.ts';
import { everyOperation, PowerCampaign, sampled } from './campaign.ts';
import { installScenario, optionScenario, personalizationScenario, updateScenario } from './scenarios.ts';

const exhaustive = 'stm32h743';
const share = { first: 0.02, second: 0.02 };
const only = process.argv[2] === '--chip' ? process.argv[3] : undefined;
const chips = agentChipIds.filter((id) => only === undefined || id === only);
const runs = [
  { make: personalizationScenario, policies: ['resume'] },
  { make: installScenario, policies: ['resume', 'erase'] },
  { make: updateScenario, policies: ['resume', 'erase'] },
  { make: optionScenario, policies: ['resume'] },
] as const;

const sum = { planned: 0, fired: 0, violations: 0 };
for (const chipId of chips)
  for (const { make, policies } of runs)
    for (const interruption of policies) {
      const scenario = await make({ chipId, interruption });
      const name = `${chipId}, ${scenario.name}, policy ${interruption}`;
      const choice = chipId === exhaustive ? everyOperation(name) : sampled(name, share);
      const report = await new PowerCampaign(scenario).run(choice);
      const { planned, fired, double, states, tried, violations } = report;
      console.log(
        `${name}: ${planned} cuts planned, ${fired} fired, ${double} of them second cuts; ` +
          `${states} states judged; violations ${violations.length}`,
      );
      for (const [where, count] of tried) console.log(`  ${where}: ${count}`);
      for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
      sum.planned += planned;
      sum.fired += fired;
      sum.violations += violations.length;
    }
const { user, system } = process.cpuUsage();
console.log(
  `${chips.length} chips: ${sum.planned} cuts planned, ${sum.fired} fired, violations ${sum.violations}; ` +
    `${((user + system) / 1e6).toFixed(0)} s of CPU`,
);
process.exitCode = sum.fired === sum.planned && sum.planned > 0 && sum.violations === 0 ? 0 : 1;
