// `npm run lab -- audit`: a large ledger is made, and audited by the command. Exit code 1 when the audit
// finds something, goes on with another result than it would have had, or takes more memory than it may.
//   --entries N     default 1000000, which takes a quarter of an hour of CPU time to make and to audit
//   --kill-after N  also kills an audit after so many installs, and goes on with it (left out: does not)
//   --keep FOLDER   the ledger is made there and stays, or is taken from there where it is

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import type { AuditEnding } from './audit-process.ts';
import { type MadeLedger, makeLedger } from './make-ledger.ts';
import { hashesMs, signaturesMs } from './peer.ts';
import { runAudit, writeKeys } from './run-audit.ts';

const memoryLimitMb = 300;
const usage = 'npm run lab -- audit [--entries N] [--kill-after N] [--keep FOLDER]';
const { entries, killAfter, keep } = readCommandLine(usage, (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      entries: { type: 'string', default: '1000000' },
      'kill-after': { type: 'string' },
      keep: { type: 'string' },
    },
  });
  return {
    entries: wholeNumber(values.entries, '--entries'),
    killAfter: values['kill-after'] === undefined ? 0 : wholeNumber(values['kill-after'], '--kill-after'),
    keep: values.keep,
  };
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const problems: string[] = [];

async function ledgerIn(folder: string): Promise<MadeLedger> {
  const note = join(folder, 'made.json');
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8'));
  const onProgress = (done: number) => process.stderr.write(`${done} entries made\n`);
  const made = await makeLedger(join(folder, 'ledger'), { entries, onProgress });
  writeFileSync(note, JSON.stringify(made));
  return made;
}

/** Its figures; `peerMs`: what it cannot do without. */
function report(what: string, { cpuSeconds, maxRssMb, status }: AuditEnding, peerMs: number): void {
  const ratio = ((cpuSeconds * 1000) / peerMs).toFixed(2);
  say(
    `${what}: ${cpuSeconds.toFixed(1)} s of CPU, ${ratio} of ${(peerMs / 1000).toFixed(1)} s, ${maxRssMb.toFixed(0)} MB`,
  );
  if (status !== 0) problems.push(`${what}: the audit ended with ${status}`);
  if (maxRssMb > memoryLimitMb) problems.push(`${what}: more than ${memoryLimitMb} MB`);
}

const told = ({ events }: AuditEnding): string =>
  JSON.stringify(events.filter(({ event }) => event !== 'ledger'));

/** Of all jobs: what the audit counted, against what was made. */
function checkCounts({ events }: AuditEnding, { jobs, units }: MadeLedger): void {
  const counted = events.filter(({ event }) => event === 'job') as unknown as {
    units: number;
    voided: number;
  }[];
  const sum = counted.reduce((all, one) => all + one.units + one.voided, 0);
  if (counted.length !== jobs || sum !== units)
    problems.push(`${counted.length} jobs of ${jobs} and ${sum} units of ${units} were counted`);
}

async function measure(folder: string, made: MadeLedger): Promise<void> {
  say(`${made.entries} entries: ${made.jobs} jobs, ${made.units} units, ${made.signatures} signatures`);
  const words = writeKeys(folder, join(folder, 'ledger'), made);
  const hashes = hashesMs(made.entries);
  const structure = await runAudit([...words, '--job', '00'.repeat(16)], { shows: true });
  report('tree, chain and log, without signatures, held against four hashes an entry', structure!, hashes);
  const whole = (await runAudit(words, { shows: true }))!;
  report(
    'whole, held against the hashes and one verification a signature',
    whole,
    hashes + signaturesMs(made.signatures),
  );
  checkCounts(whole, made);
  if (killAfter === 0) return;
  const resuming = [...words, '--progress', join(folder, 'progress.json')];
  const killed = await runAudit(resuming, { killAfter });
  if (killed !== undefined) problems.push('the audit ended before it was killed');
  const resumed = (await runAudit(resuming, { shows: true }))!;
  say(`killed after ${killAfter} installs of ${whole.installs}; ${resumed.installs} were left`);
  if (told(resumed) !== told(whole)) problems.push('it went on with another result');
}

const folder = keep ?? mkdtempSync(join(tmpdir(), 'firmseal-audit-'));
try {
  await measure(folder, await ledgerIn(folder));
} finally {
  if (keep === undefined) rmSync(folder, { recursive: true });
}
say(problems.length === 0 ? 'everything held' : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;
