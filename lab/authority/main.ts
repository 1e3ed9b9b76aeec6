// `npm run lab -- authority`: load on replicas while things break. Exit code 1 when something does not hold.
//   --seed TEXT      which plan (default: drawn, and printed)
//   --requests N     default 100000, which takes hours of CPU time
//   --replicas N     default 4
//   --crowd N        chips at once for a quota of 1, on each store (default 1000)
//   --every N        requests between two disturbances (default 250)

import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lackingPostgres } from '@firmseal/authority/testing';
import { readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { runCampaign } from './campaign.ts';
import { renderReport } from './report.ts';

const usage = 'npm run lab -- authority [--seed TEXT] [--requests N] [--replicas N] [--crowd N] [--every N]';
const { seed, requests, replicas, crowd, every } = readCommandLine(usage, (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      requests: { type: 'string', default: '100000' },
      replicas: { type: 'string', default: '4' },
      crowd: { type: 'string', default: '1000' },
      every: { type: 'string', default: '250' },
    },
  });
  return {
    seed: values.seed,
    requests: wholeNumber(values.requests, '--requests'),
    replicas: wholeNumber(values.replicas, '--replicas'),
    crowd: wholeNumber(values.crowd, '--crowd'),
    every: wholeNumber(values.every, '--every'),
  };
});
const lacking = lackingPostgres();
if (lacking !== undefined) {
  process.stderr.write(`${lacking}\n`);
  process.exit(1);
}
const startMs = performance.now();
const count = Math.max(1, Math.floor(requests / every));
const report = await runCampaign(
  {
    ...{ seed, requests, replicas, crowd, lines: 16, fsync: true, sqlite: true },
    disturbances: {
      ...{ kills: count, signerKills: count, publisherKills: count, cuts: count },
      stops: Math.ceil(count / 8),
    },
    onProgress: (done) => process.stderr.write(`${done} requests\n`),
  },
  join(tmpdir(), `firmseal-crowd-${process.pid}.sqlite`),
);
const seconds = Math.round((performance.now() - startMs) / 1000);
process.stdout.write(`seed ${seed}, ${seconds} s\n${renderReport(report)}\n`);
if (report.violations.length > 0) {
  process.stderr.write(`again: npm run lab -- authority --seed ${seed} --requests ${requests}\n`);
  process.exitCode = 1;
}
