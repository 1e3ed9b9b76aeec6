// `npm run lab -- line`: a shift of a line under kills and a bad cable. Exit code 1
// when something does not hold.
//   --seed TEXT     which chips, faults and kills (default: drawn, and printed)
//   --sockets N     default 64
//   --chips N       that come (default 1000)
//   --faults N      of 100 messages to chips that a fault hits (default 5)
//   --kills N       of the line (default 20)
//   --authority-kills N  default: as many
//   --machine-code N  sockets whose chips run the agent as machine code (default 2): they are slow
//   --json          the report as one object

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { renderLineReport, runLineCampaign } from './campaign.ts';

const usage =
  'npm run lab -- line [--seed TEXT] [--sockets N] [--chips N] [--faults N] [--kills N] ' +
  '[--authority-kills N] [--machine-code N] [--json]';
const { seed, sockets, chips, faults, kills, authorityKills, machineSockets, json } = readCommandLine(
  usage,
  (words) => {
    const { values } = parseArgs({
      args: [...words],
      options: {
        seed: { type: 'string', default: randomBytes(4).toString('hex') },
        sockets: { type: 'string', default: '64' },
        chips: { type: 'string', default: '1000' },
        faults: { type: 'string', default: '5' },
        kills: { type: 'string', default: '20' },
        'authority-kills': { type: 'string' },
        'machine-code': { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      ...values,
      sockets: wholeNumber(values.sockets, '--sockets'),
      chips: wholeNumber(values.chips, '--chips'),
      faults: wholeNumber(values.faults, '--faults'),
      kills: wholeNumber(values.kills, '--kills', 0),
      authorityKills: wholeNumber(values['authority-kills'] ?? values.kills, '--authority-kills', 0),
      machineSockets: wholeNumber(values['machine-code'], '--machine-code', 0),
    };
  },
);
if (machineSockets > 0) await buildShipping();
const report = await runLineCampaign({
  ...{ seed, sockets, machineSockets, chips, faultRate: faults / 100, lineKills: kills, authorityKills },
  onChip: (left) => {
    if (left % 10 === 0 || left === chips) process.stderr.write(`${left} of ${chips} chips\n`);
  },
});
process.stdout.write(
  json ? `${JSON.stringify({ seed, ...report })}\n` : `seed ${seed}\n${renderLineReport(report)}\n`,
);
if (report.violations.length > 0 || report.passed < report.chips) process.exitCode = 1;
