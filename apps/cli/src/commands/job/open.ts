// `firmseal job open`: a job for a package and a quota. It issues nothing until it is approved.

import { Command, Option } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { refuseUnwritable } from '@firmseal/files';
import { splitPackage } from '@firmseal/seal';
import { accessAuthority } from '../../authority-access.ts';
import { readDeviceData } from '../../device-data-file.ts';
import { readInput, writeText } from '../../files.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, collectAccepted, examples, number, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--package <file>', 'the package')
    .requiredOption('--content-key <file>', 'its wrapped content key (PACKAGE.key)')
    .requiredOption('--quota <number>', 'how many chips', number({ least: 1 }))
    .option('--id-file <file>', 'where to write the id of the job')
    .addOption(
      new Option('--mode <mode>', 'kind of licenses; standing ones work without a connection')
        .choices(['session', 'standing'])
        .default('session' as const),
    )
    .option(
      '--accept <outcome>',
      'outcome that you take besides PASS: UNPROTECTED, UNWITNESSED, ENROLLED or REHEARSAL (repeat)',
      collectAccepted,
    )
    .option(
      '--device-data <file>',
      'for a package with per-device areas: a line a chip, in it the value of each area, hexadecimal, in ascending address',
    )
    .addHelpText(
      'after',
      examples(
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --content-key panel.seal.key --quota 4',
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --content-key panel.seal.key --quota 4 --accept UNPROTECTED',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { quota, mode, idFile, accept: accepts = [] } = options;
        const deviceData = options.deviceData === undefined ? [] : readDeviceData(options.deviceData);
        const client = accessAuthority(options);
        if (idFile !== undefined) refuseUnwritable(idFile, { existing: 'refuse' });
        const { headerBytes } = splitPackage(readInput(options.package));
        const contentKeyFile = readInput(options.contentKey);
        const input = { header: headerBytes, contentKeyFile, quota, mode, accepts, deviceData };
        const view = await client.call('openJob', input);
        for (const set of deviceData) for (const value of set) value.fill(0);
        if (idFile !== undefined) writeText(idFile, `${toHex(view.job)}\n`);
        tellJob(face, view);
      }),
    );
