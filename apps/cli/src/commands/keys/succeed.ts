// `firmseal keys succeed`: the root signs its successor (spec/delegation.md section 3).

import { Command } from '@commander-js/extra-typings';
import { equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeSuccession } from '@firmseal/formats';
import { inspectKeyFile, refuseKnownTestKeys } from '@firmseal/keys';
import { examples, number, passphraseOption, productOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key that is replaced')
    .requiredOption('--next <file>', 'public key of the next root (FILE.pub)')
    .addOption(productOption())
    .requiredOption(
      '--epoch <number>',
      'the epoch that the next root opens: higher than any in which this root signed',
      number({ least: 1 }),
    )
    .requiredOption('--out <file>', 'where to write the succession')
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples(
        'keys succeed --root root.key --next next.key.pub --product panel --epoch 2 --out root.succession',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, epoch, out } = options;
        refuseUnmakeable([out]);
        const publicKey = readPublicKey(options.next);
        refuseKnownTestKeys(publicKey);
        const present = await inspectKeyFile(options.root);
        if (equalBytes(present.publicKey, publicKey))
          throw new Fault('root-succeeds-itself', { file: options.next });
        const succession = await withRootKey(face, options, (root) =>
          makeSuccession(nodeCrypto, root, { product, publicKey, epoch }),
        );
        writeNewFiles([{ path: out, parts: [succession] }]);
        face.tell(
          { event: 'root-succeeded', file: out, product, epoch, publicKey: toHex(publicKey) },
          `${out}: ${options.next} is the root of ${product} from epoch ${epoch} on`,
          'Next: delegate with the new root in that epoch, and carry the succession in every package with `firmseal seal --succession`.',
        );
      }),
    );
