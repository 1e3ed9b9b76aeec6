// `firmseal job approve`: let the job issue licenses.

import { Command } from '@commander-js/extra-typings';
import { approveFirst, dueOf, withApprover } from '../../approver.ts';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<job>', 'id of the job', jobId)
      .addOption(authorityOption())
      .addOption(tokenOption()),
  )
    .addHelpText(
      'after',
      examples('job approve JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const client = accessAuthority(face, options);
        const view = await client.call('showJob', { job });
        await approveFirst(face, client, { options, view, subjects: () => dueOf(view) });
        tellJob(face, await client.call('approveJob', { job }));
      }),
    );
