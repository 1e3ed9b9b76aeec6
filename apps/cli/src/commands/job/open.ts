// `firmseal job open`: a job for a package and a quota. It issues nothing until it is approved.

import { Command, Option } from '@commander-js/extra-typings';
import { toHex, utf8 } from '@firmseal/bytes';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { splitPackage } from '@firmseal/seal';
import { accessAuthority } from '../../authority-access.ts';
import { readInput } from '../../files.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, number, tokenOption } from '../../options.ts';
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
    .addHelpText(
      'after',
      examples(
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --content-key panel.seal.key --quota 4',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { quota, mode, idFile } = options;
        const client = accessAuthority(face, options);
        const idFiles = idFile === undefined ? [] : [idFile];
        // Before the job is opened: it would be there without its id.
        refuseUnmakeable(idFiles);
        const { headerBytes } = splitPackage(readInput(options.package));
        const contentKeyFile = readInput(options.contentKey);
        const input = { header: headerBytes, contentKeyFile, quota, mode };
        const view = await client.call('openJob', input);
        writeNewFiles(idFiles.map((path) => ({ path, parts: [utf8(`${toHex(view.job)}\n`)] })));
        tellJob(face, view);
      }),
    );
