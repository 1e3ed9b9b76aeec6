// `npm run lab -- damage`: the whole damage campaign against the agent in C, on F427 and H743 and under
// both policies of interruption; prints the counts by class. Exit code 1 when anything was accepted or
// went another way than specified.

import { atMost, readCommandLine } from '../../tools/command-line.ts';
import { DamageCampaign } from './campaign.ts';
import { prepareTarget } from './target.ts';

const line = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

readCommandLine('npm run lab -- damage', (words) => atMost(words, 0));

let bad = 0;
let runs = 0;
for (const chipId of ['stm32f427', 'stm32h743'] as const)
  for (const interruption of ['resume', 'erase'] as const) {
    const campaign = new DamageCampaign(await prepareTarget({ chipId, interruption }));
    campaign.runPackage(() => true);
    campaign.runLicense(() => true);
    campaign.runForeign();
    const { tried, answers, notSent, accepted, violations } = campaign.report;
    const total = [...tried.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${chipId}, policy ${interruption}: ${total} damages, accepted ${accepted}`);
    console.log(`  tried: ${line(tried)}; not sent: ${notSent}`);
    console.log(`  answers: ${line(answers)}`);
    for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
    console.log(`  violations: ${violations.length}`);
    bad += violations.length + accepted;
    runs += total;
  }
const { user, system } = process.cpuUsage();
console.log(
  `${runs} damages, ${bad === 0 ? 'accepted 0, violations 0' : 'FAILED'}; ${((user + system) / 1e6).toFixed(0)} s of CPU`,
);
process.exitCode = bad === 0 ? 0 : 1;
