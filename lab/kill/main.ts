// `npm run lab -- kill`: kills on and on, prints the counts. Exit code 1 when something does not hold.
//   --seed TEXT    which plan (default: drawn, and printed)
//   --rounds N     spreads over all points (default 10)
//   --benches N    at the same time (default 2)
//   --only NAME    one scenario of the plan, as a violation names it
//   --json         the report as one object

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { runCampaign } from './campaign.ts';
import { renderReport } from './report.ts';

const usage = 'npm run lab -- kill [--seed TEXT] [--rounds N] [--benches N] [--only NAME] [--json]';
const { seed, rounds, benches, only, json } = readCommandLine(usage, (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      rounds: { type: 'string', default: '10' },
      benches: { type: 'string', default: '2' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    rounds: wholeNumber(values.rounds, '--rounds'),
    benches: wholeNumber(values.benches, '--benches'),
  };
});
const startMs = performance.now();
const report = await runCampaign({
  seed,
  rounds,
  benches: only === undefined ? benches : 1,
  ...(only === undefined ? {} : { only: [only] }),
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
    `again: npm run lab -- kill --seed ${seed} --rounds ${rounds} [--only the scenario's name]\n`,
  );
  process.exitCode = 1;
}
