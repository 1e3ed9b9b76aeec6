// `firmseal job show`: quota, licenses and receipts of a job, and what was installed where.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { tellUnit } from '../../unit-view.ts';

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
        const client = accessAuthority(face, options);
        tellJob(face, await client.call('showJob', { job }));
        const units = readPages(async (from) => {
          const { units: items, more } = await client.call('listUnits', { job, from });
          return { items, more };
        });
        for await (const unit of units) tellUnit(face, unit);
      }),
    );
