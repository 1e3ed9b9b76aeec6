// `firmseal job token`: a token for a line. It can install this job and nothing else.

import { Command } from '@commander-js/extra-typings';
import { refuseUnwritable } from '@firmseal/files';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { writeText } from '../../files.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--out <file>', 'where to write the token')
    .addHelpText(
      'after',
      examples(
        'job token JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token --out line.token',
      ),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const { out } = options;
        const client = accessAuthority(options);
        refuseUnwritable(out, { existing: 'refuse' });
        const { token, tokenId } = await client.call('createLineToken', { job, label: 'line' });
        writeText(out, `${token}\n`, 0o600);
        face.tell(
          { event: 'token-made', job, tokenId, file: out },
          `${out}: token ${tokenId} for a line, this job only`,
        );
      }),
    );
