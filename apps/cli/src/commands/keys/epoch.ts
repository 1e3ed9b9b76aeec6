// `firmseal keys epoch`: the root signs that delegations of earlier epochs have ended.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeEpochStatement } from '@firmseal/formats';
import { examples, number, passphraseOption, productOption } from '../../options.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key')
    .addOption(productOption())
    .requiredOption('--epoch <number>', 'the epoch that begins', number({ least: 1 }))
    .requiredOption('--out <file>', 'where to write the statement')
    .addOption(passphraseOption('the root key'))
    .addHelpText('after', examples('keys epoch --root root.key --product panel --epoch 1 --out epoch-1'))
    .action(
      runs(shell, async (face, options) => {
        const { product, epoch, out } = options;
        refuseUnmakeable([out]);
        const statement = await withRootKey(face, options, (root) =>
          makeEpochStatement(nodeCrypto, root, { product, epoch }),
        );
        writeNewFiles([{ path: out, parts: [statement] }]);
        face.tell(
          { event: 'epoch-began', file: out, product, epoch },
          `${out}: delegations of ${product} before epoch ${epoch} end`,
        );
      }),
    );
