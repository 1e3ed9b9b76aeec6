// `firmseal keys restore`: after a database was lost, the root signs from which older one the authority
// goes on (spec/approval.md section 5).

import { Command } from '@commander-js/extra-typings';
import { makeRestoreStatement } from '@firmseal/approval';
import { fromHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { examples, number, passphraseOption, productOption } from '../../options.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key')
    .addOption(productOption())
    .requiredOption('--log-size <number>', 'entries of the log that goes on, as the refusal says', number())
    .requiredOption('--log-head <hex>', 'its last head, as the refusal says')
    .option('--known-size <number>', 'entries that had been written, as far as you know', number(), 0)
    .requiredOption('--reason <text>', 'what happened: every audit shows it')
    .requiredOption('--out <file>', 'where to write the statement')
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples(
        `keys restore --root root.key --product panel --log-size 4711 --log-head ${'5c'.repeat(32)} \\\n` +
          "      --known-size 4802 --reason 'disk lost, backup of Monday' --out panel.restore",
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, logSize, knownSize, reason, out } = options;
        const logHead = fromHex(options.logHead, '--log-head');
        refuseUnmakeable([out]);
        const atSeconds = Math.floor(Date.now() / 1000);
        const statement = await withRootKey(face, options, (root) =>
          makeRestoreStatement(nodeCrypto, root, { product, logSize, logHead, knownSize, atSeconds, reason }),
        );
        writeNewFiles([{ path: out, parts: [statement] }]);
        face.tell(
          { event: 'restore-signed', file: out, product, logSize },
          `${out}: the authority of ${product} may go on from a log of ${logSize} entries`,
          '  start it once with --accept-restore: every token is revoked, every job has to be approved again',
        );
      }),
    );
