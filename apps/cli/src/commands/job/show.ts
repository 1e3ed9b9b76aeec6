// `firmseal job show`: quota, licenses and receipts of a job.

import { Command } from '@commander-js/extra-typings';
import { callAuthority } from '../../authority-api.ts';
import { jobPath, tellJob } from '../../job-view.ts';
import { authorityOption, examples, jobId, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('job show JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, job, options) => {
        tellJob(face, await callAuthority(options, 'GET', jobPath(job)));
      }),
    );
