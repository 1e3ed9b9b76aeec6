// `firmseal job token`: a token for a line. It can install this job and nothing else.

import { Command } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { callAuthority } from '../../authority-api.ts';
import { jobPath } from '../../job-view.ts';
import { authorityOption, examples, jobId, tokenOption } from '../../options.ts';
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
        refuseUnmakeable([out]);
        const answer = await callAuthority(options, 'POST', `${jobPath(job)}/tokens`, { label: 'line' });
        writeNewFiles([{ path: out, parts: [utf8(`${answer['token']}\n`)], mode: 0o600 }]);
        face.tell(
          { event: 'token-made', job, tokenId: answer['tokenId'], file: out },
          `${out}: token ${answer['tokenId']} for a line, this job only`,
        );
      }),
    );
