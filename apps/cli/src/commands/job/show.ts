// `firmseal job show`: quota, licenses and receipts of a job, and what was installed where.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { tellApproval, tellJob, tellRollout } from '../../job-view.ts';
import { authorityOption, collect, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import { tellBooks } from '../../sfi/books-view.ts';
import type { Shell } from '../../shell.ts';
import { tellUnit } from '../../unit-view.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .option(
      '--sfi-books <folder>',
      'show the books of `firmseal sfi install` with it, outcomes apart (repeat)',
      collect,
      [],
    )
    .addHelpText(
      'after',
      examples('job show JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const client = accessAuthority(face, options);
        const view = await client.call('showJob', { job });
        tellJob(face, view);
        tellRollout(face, view);
        for (const approval of view.approvals) tellApproval(face, approval);
        const units = readPages(async (from) => {
          const { units: items, more } = await client.call('listUnits', { job, from });
          return { items, more };
        });
        for await (const unit of units) tellUnit(face, unit);
        if (options.sfiBooks.length === 0) return;
        const bySfi = options.sfiBooks.reduce((sum, folder) => sum + tellBooks(face, folder, toHex(job)), 0);
        const { quota, units: taken } = view;
        face.tell(
          { event: 'job-together', quota, taken, bySfi },
          `together: ${taken} of the quota of ${quota} by the authority, ${bySfi} chips by ST's installer, which the authority does not count`,
        );
      }),
    );
