// Options of `firmseal job`. What they do is in commands/ and loaded when one is called.

import type { Command } from 'commander';
import { examples, runs, withAuthority } from './declare.ts';

export function declareJob(job: Command): void {
  withAuthority(job.command('open'))
    .description('open a job for a package; it issues nothing until it is approved')
    .requiredOption('--package <file>', 'the package')
    .requiredOption('--content-key <file>', 'its wrapped content key (PACKAGE.key)')
    .requiredOption('--quota <number>', 'how many chips')
    .option('--id-file <file>', 'where to write the id of the job')
    .option('--mode <mode>', 'session, or standing (licenses that work without a connection)', 'session')
    .addHelpText(
      'after',
      examples(
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token --package panel.seal --content-key panel.seal.key --quota 4',
      ),
    )
    .action(runs(async () => (await import('../commands/job.ts')).open));
  const later: [string, string, 'approve' | 'close' | 'show'][] = [
    ['approve', 'let the job issue licenses', 'approve'],
    ['close', 'end the job: no further license', 'close'],
    ['show', 'show quota, licenses and receipts of the job', 'show'],
  ];
  for (const [name, description, entry] of later) {
    withAuthority(job.command(`${name} <job>`))
      .description(description)
      .addHelpText(
        'after',
        examples(`job ${name} JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token`),
      )
      .action(runs(async () => (await import('../commands/job.ts'))[entry]));
  }
  withAuthority(job.command('token <job>'))
    .description('make a token for a line: it can install this job and nothing else')
    .requiredOption('--out <file>', 'where to write the token')
    .addHelpText(
      'after',
      examples(
        'job token JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token --out line.token',
      ),
    )
    .action(runs(async () => (await import('../commands/job.ts')).token));
}
