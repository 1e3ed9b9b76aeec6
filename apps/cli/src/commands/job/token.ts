// `firmseal job token`: a token for a line. It can install this job and nothing else. That
// of an update may be published.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { lineTokenDays, publicTokenDays, tellLineToken } from '../../line-token.ts';
import { authorityOption, examples, lifeOption, listedStation, tokenOption } from '../../options.ts';
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
    .option(
      '--station <name>',
      'station at which it is used; a job that lists stations asks for one of them',
      listedStation,
    )
    .addOption(lifeOption(lineTokenDays))
    .addHelpText(
      'after',
      examples(
        'job token JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token --out line.token',
      ),
    )
    .action(
      runs(shell, async (face, job, options, called) => {
        const { out, label, days, station } = options;
        const client = accessAuthority(face, options);
        checkTokenFile(out);
        const { mode } = await client.call('showJob', { job });
        const given = called.getOptionValueSource('days') === 'cli';
        const lifeDays = mode === 'update' && !given ? publicTokenDays : days;
        const made = await client.call('createLineToken', {
          ...{ job, label, lifeDays },
          ...(station === undefined ? {} : { station }),
        });
        const { token, tokenId, expiresAtMs } = made;
        writeToken(out, token);
        tellLineToken(face, { job, tokenId, expiresAtMs, file: out }, mode);
      }),
    );
