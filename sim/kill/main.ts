// `npm run sim:kill`: kills on and on, prints the counts. Exit code 1 when something does not hold.
//   --seed TEXT    which plan (default: drawn, and printed)
//   --rounds N     spreads over all points (default 10)
//   --benches N    at the same time (default 2)
//   --only NAME    one scenario of the plan, as a violation names it
//   --json         the report as one object

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { renderReport } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    rounds: { type: 'string', default: '10' },
    benches: { type: 'string', default: '2' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function readCount(name: 'rounds' | 'benches'): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} takes a whole number from 1`);
  return count;
}

const { seed, only, json } = values;
const rounds = readCount('rounds');
const startMs = performance.now();
const report = await runCampaign({
  seed,
  rounds,
  benches: only === undefined ? readCount('benches') : 1,
  ...(only === undefined ? {} : { only }),
  onScenario: ({ name, kills }) => process.stderr.write(`${name}: ${kills.join(', ')}\n`),
});
const seconds = Math.round((performance.now() - startMs) / 1000);
process.stdout.write(
  json
    ? `${JSON.stringify({ seed, rounds, seconds, ...report, kills: Object.fromEntries(report.kills) })}\n`
    : `seed ${seed}, rounds ${rounds}, ${seconds} s\n${renderReport(report)}\n`,
);
if (report.violations.length > 0) {
  process.stderr.write(
    `again: npm run sim:kill -- --seed ${seed} --rounds ${rounds} [--only the scenario's name]\n`,
  );
  process.exitCode = 1;
}
