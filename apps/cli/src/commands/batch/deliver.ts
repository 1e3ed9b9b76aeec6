// `firmseal batch deliver`: brings the receipts that a line without a connection kept to the authority.

import { existsSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { accessForJob } from '@firmseal/authority-client';
import { Fault } from '@firmseal/fault';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { Outbox } from '../../line/outbox.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<outbox>', 'folder of receipts: of `firmseal install --batch`, or `outbox/NAME` of a line')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--job <job>', 'the job of the batch', jobId)
    .addHelpText(
      'after',
      examples(
        'batch deliver line-1/outbox/panel --job JOB --authority http://127.0.0.1:7443 \\\n' +
          '      --token-file line.token',
      ),
    )
    .action(
      runs(shell, async (face, folder, { job, ...options }) => {
        if (!existsSync(folder))
          throw new Fault('file-missing', { file: folder, action: 'read', reason: 'ENOENT' });
        const authority = accessForJob(accessAuthority(face, options), job);
        const delivered = await new Outbox(folder).deliver(authority);
        face.tell(
          { event: 'delivered', folder, receipts: delivered },
          `${folder}: receipts brought to the authority: ${delivered}`,
        );
      }),
    );
