// `firmseal keys delegate`: the root signs that another key may act for a product.

import { Command, Option } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeDelegation, roles } from '@firmseal/formats';
import { examples, number, passphraseOption, productOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--key <file>', 'public key of the delegate (FILE.pub)')
    .addOption(new Option('--role <role>', 'what the delegate may do').choices(roles).makeOptionMandatory())
    .addOption(productOption())
    .option(
      '--counter-cap <number>',
      'highest security counter that the delegate may sign for',
      number(),
      2147483647,
    )
    .option('--epoch <number>', 'epoch in which the delegation is made', number(), 0)
    .requiredOption('--out <file>', 'where to write the delegation')
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples(
        'keys delegate --root root.key --key signer.key.pub --role package-signer --product panel --out signer.delegation',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { key, role, product, counterCap, epoch, out } = options;
        refuseUnmakeable([out]);
        const publicKey = readPublicKey(key);
        const delegation = await withRootKey(face, options, (root) =>
          makeDelegation(nodeCrypto, root, { role, publicKey, product, counterCap, epoch }),
        );
        writeNewFiles([{ path: out, parts: [delegation] }]);
        face.tell(
          { event: 'delegated', file: out, role, product, counterCap, epoch },
          `${out}: ${role} for ${product}, counters up to ${counterCap}, epoch ${epoch}`,
        );
      }),
    );
