// `firmseal init`: a desk in one command. Its folder is there whole or not at all, and the desk file comes
// last: interrupted in between, the same command goes on.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { readAuthorityAddress } from '@firmseal/authority-client';
import { utf8 } from '@firmseal/bytes';
import { findChip, requireAgent } from '@firmseal/chips';
import { makeFolder, refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { authorityPaths } from '../authority-folder.ts';
import { chipOption } from '../chip-option.ts';
import { deskFileName } from '../desk/find-desk.ts';
import { deskFileFor, deskNames, makeDesk } from '../desk/make-desk.ts';
import { examples, passphraseOption, productOption } from '../options.ts';
import { readNewPassphrase } from '../passphrase.ts';
import { collectNearWays } from '../personalization/plugs.ts';
import { runs } from '../runs.ts';
import { costOf, type Shell } from '../shell.ts';
import { collectNearSockets } from '../sockets.ts';

const deskFolder = 'desk';

export const command = (shell: Shell) =>
  new Command()
    .argument('[folder]', 'where the desk is made', '.')
    .addOption(productOption())
    .addOption(chipOption())
    .option('--authority-url <url>', 'address at which the authority will serve', 'http://127.0.0.1:7443')
    .option('--socket <place>', 'a chip on the line: serial:, usb: or tcp: (repeat)', collectNearSockets)
    .option(
      '--via <place>',
      'way by which the same chip is programmed, or `written` (repeat)',
      collectNearWays,
    )
    .addOption(passphraseOption('all keys of the desk (else FIRMSEAL_PASSPHRASE, else a prompt)'))
    .addHelpText('after', examples('init --product panel --chip stm32f427'))
    .action(
      runs(shell, async (face, folder, options) => {
        const { product, chip, socket, via, passphraseFile } = options;
        requireAgent(findChip(chip));
        const url = readAuthorityAddress(options.authorityUrl);
        const [file, desk] = [join(folder, deskFileName), join(folder, deskFolder)];
        refuseUnmakeable([file]);
        const { products } = authorityPaths(join(desk, deskNames.authority));
        // An earlier run was killed between the folder and the file.
        if (!existsSync(join(products, `${product}.json`)))
          await makeFolder(desk, async (inside) => {
            const passphrase = await readNewPassphrase(face, 'the keys of this desk', passphraseFile);
            await makeDesk(inside, { product, passphrase, ...costOf(shell) });
            passphrase.wipe();
          });
        const content = deskFileFor(deskFolder, { product, chip, url, sockets: socket, ways: via });
        writeNewFiles([{ path: file, parts: [utf8(`${JSON.stringify(content, null, 2)}\n`)] }]);
        face.tell(
          { event: 'desk-made', file, folder: desk, product, chip },
          `${file}: desk of ${product} on ${chip}. Commands find it from this folder and from those below.`,
          `  ${desk}: keys and authority. Keep a copy of it, and ${deskNames.root} apart from the others.`,
          '  next: firmseal authority serve',
        );
      }),
    );
