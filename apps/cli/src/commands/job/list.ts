// `firmseal job list`: every job with its counts, newest first.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('job list --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, options) => {
        const client = accessAuthority(face, options);
        const jobs = readPages(async (from) => {
          const { jobs: items, more } = await client.call('listJobs', { from });
          return { items, more };
        });
        let count = 0;
        for await (const job of jobs) {
          count++;
          tellJob(face, job);
        }
        if (count === 0) face.lines('there is no job yet');
      }),
    );
