// `firmseal keys approval-policy`: the root signs how many approvers have to sign.

import { Command } from '@commander-js/extra-typings';
import { makeApprovalPolicy } from '@firmseal/approval';
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
    .requiredOption('--threshold <number>', 'how many approvers have to sign', number({ least: 1, most: 16 }))
    .option('--number <number>', 'of the policy: higher than that of the one that it replaces', number(), 1)
    .requiredOption('--out <file>', 'where to write the policy')
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples('keys approval-policy --root root.key --product panel --threshold 2 --out approval.policy'),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, threshold, number: ordinal, out } = options;
        refuseUnmakeable([out]);
        const policy = await withRootKey(face, options, (root) =>
          makeApprovalPolicy(nodeCrypto, root, { product, threshold, number: ordinal }),
        );
        writeNewFiles([{ path: out, parts: [policy] }]);
        face.tell(
          { event: 'approval-policy-made', file: out, product, threshold, number: ordinal },
          `${out}: policy ${ordinal} of ${product}: ${threshold} ${threshold === 1 ? 'approver has' : 'approvers have'} to sign`,
        );
      }),
    );
