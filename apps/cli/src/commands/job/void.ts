// `firmseal job void`: a unit whose chip was never installed no longer counts against the quota.

import { Command } from '@commander-js/extra-typings';
import { approveFirst, findUnit, voidOf, withApprover } from '../../approver.ts';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, number, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<job>', 'id of the job', jobId)
      .argument('<unit>', 'index of the unit, as `firmseal job show` lists it', number())
      .addOption(authorityOption())
      .addOption(tokenOption())
      .requiredOption('--reason <text>', 'why; the log keeps it'),
  )
    .addHelpText(
      'after',
      examples(
        "job void JOB 3 --reason 'socket broke the chip' \\\n" +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, job, unit, options) => {
        const { reason } = options;
        const client = accessAuthority(face, options);
        const view = await client.call('showJob', { job });
        const held = await findUnit(client, job, unit);
        if (held !== undefined)
          await approveFirst(face, client, { options, view, subjects: () => [voidOf(held, reason)] });
        tellJob(face, await client.call('voidUnit', { job, unit, reason }));
      }),
    );
