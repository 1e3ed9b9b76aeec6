// `firmseal job token`: a token for a line. It can install this job and nothing else.

import { Command } from '@commander-js/extra-typings';
import { callAuthority } from '../../authority-api.ts';
import { refuseExisting, writeText } from '../../files.ts';
import { jobPath } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job')
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
        refuseExisting(out);
        const answer = await callAuthority(options, 'POST', `${jobPath(job)}/tokens`, { label: 'line' });
        writeText(out, `${answer['token']}\n`, 0o600);
        face.tell(
          { event: 'token-made', job, tokenId: answer['tokenId'], file: out },
          `${out}: token ${answer['tokenId']} for a line, this job only`,
        );
      }),
    );
