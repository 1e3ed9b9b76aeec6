// `npm run sim:glitch`: leaves out instructions of the agent's machine code where it must refuse something, and prints what
// came of it. `-- --every N` takes every N-th glitch of one instruction of each scenario, `--pairs N` every N-th of two
// (0: none); both are all without it. `--only TEXT,...` takes the scenarios whose names contain one of the texts.
// `--deciding` leaves out only instructions of functions with decisions.
// Exit code 1 when a bypass was found that is one with the agent's own cryptography too.

import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import type { Glitch } from './glitcher.ts';
import { prepare } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    deciding: { type: 'boolean', default: false },
  },
});
const [every, pairs] = [Number(values.every), Number(values.pairs)];
for (const one of [every, pairs])
  if (!Number.isInteger(one) || one < 0) throw new Error('--every and --pairs take whole numbers');

/** Every n-th glitch of each length. */
function sample() {
  const seen = { 1: 0, 2: 0 };
  return ({ address, length }: Glitch): boolean => {
    if (values.deciding && !target.code.deciding.includes(campaign.functionAt(address))) return false;
    const stride = length === 1 ? every : pairs;
    return stride > 0 && seen[length]++ % stride === 0;
  };
}

const { target, scenarios, good } = await prepare();
const campaign = new Campaign(target);
if (campaign.outcomeOf({ name: 'good boot', from: good, before: [], after: [] }) !== 'booted')
  throw new Error('the good image does not boot');
const hit = new Set<number>();
let runs = 0;
let found = 0;
let confirmed = 0;
for (const scenario of scenarios.filter(({ name }) =>
  values.only.split(',').some((text) => name.includes(text)),
)) {
  const chosen = sample();
  const report = campaign.attack(scenario, (glitch) => chosen(glitch));
  for (const address of report.sitesHit) hit.add(address);
  runs += report.runs;
  found += report.bypasses.length;
  const outcomes = [...report.outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ');
  console.log(
    `${report.name}: ${report.sites} addresses, ${report.executions} executions; ${report.runs} glitches at ${report.sitesHit.size} addresses: ${outcomes}`,
  );
  for (const bypass of report.bypasses) {
    const { address, occurrence, length, outcome } = bypass;
    if (['accepted', 'installed', 'booted'].includes(bypass.confirmed)) confirmed++;
    console.log(
      `  bypass (${outcome}; with the agent's cryptography ${bypass.confirmed}): 0x${address.toString(16)} in ${bypass.function}, execution ${occurrence}, ${length} left out`,
    );
  }
}
const { own, deciding } = target.code;
const names = new Map(own.map((range) => [range.name, range]));
const reached = [...names].filter(([, { start, end }]) =>
  [...hit].some((address) => address >= start && address < end),
);
const decidingHit = deciding.filter((name) => reached.some(([other]) => other === name));
const inlined = deciding.filter((name) => !names.has(name));
const missed = deciding.filter((name) => names.has(name) && !decidingHit.includes(name));
console.log(`functions with decisions: hit ${decidingHit.join(', ')}`);
console.log(`  inlined into others: ${inlined.join(', ')}`);
console.log(`  not hit: ${missed.join(', ') || 'none'}`);
const { user, system } = process.cpuUsage();
console.log(
  `${runs} glitches at ${hit.size} addresses (every ${every} of one, ${pairs} of two); bypasses ${found}, confirmed ${confirmed}; ${((user + system) / 1e6).toFixed(0)} s of CPU`,
);
process.exitCode = confirmed > 0 ? 1 : 0;
