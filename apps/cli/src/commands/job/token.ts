// `firmseal job token`: a token for a line. It can install this job and nothing else.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { lineTokenDays, tellLineToken } from '../../line-token.ts';
import { authorityOption, examples, lifeOption, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { checkTokenFile, writeToken } from '../../token-file.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--out <file>', 'where to write the token')
    .option('--label <text>', 'name of the line, for lists', 'line')
    .addOption(lifeOption(lineTokenDays))
    .addHelpText(
      'after',
      examples(
        'job token JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token --out line.token',
      ),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const { out, label, days } = options;
        const client = accessAuthority(face, options);
        checkTokenFile(out);
        const made = await client.call('createLineToken', { job, label, lifeDays: days });
        const { token, tokenId, expiresAtMs } = made;
        writeToken(out, token);
        tellLineToken(face, { job, tokenId, expiresAtMs, file: out });
      }),
    );
