// `firmseal authority add-product`: the authority may issue licenses for a product,
// by what its root delegated.

import { Command } from '@commander-js/extra-typings';
import { type IssuerKeys, verifyProduct } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseKnownTestKeys } from '@firmseal/keys';
import { approvalPolicyOption } from '../../approver.ts';
import { authorityPaths, writeProduct } from '../../authority-folder.ts';
import { readInput } from '../../files.ts';
import { examples, productOption, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .addOption(productOption())
    .addOption(rootKeyOption())
    .requiredOption('--issuer-delegation <file>', "delegation of the authority's issuer.key.pub")
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips may install')
    .option('--epoch-statement <file>', 'epoch statement in force')
    .addOption(approvalPolicyOption())
    .addHelpText(
      'after',
      examples(
        'authority add-product authority --product panel --root-key root.key.pub \\\n' +
          '      --issuer-delegation issuer.delegation --device-ca-delegation ca.delegation',
      ),
    )
    .action(
      runs(shell, async (face, folder, options) => {
        const { product, epochStatement, approvalPolicy } = options;
        const rootPublicKey = readPublicKey(options.rootKey);
        refuseKnownTestKeys(rootPublicKey);
        const publicKey = readPublicKey(`${authorityPaths(folder).issuer}.pub`);
        const keys: IssuerKeys = {
          product,
          rootPublicKey,
          issuer: { publicKey, sign: async () => new Uint8Array(0) },
          issuerDelegation: readInput(options.issuerDelegation),
          deviceCaDelegations: [readInput(options.deviceCaDelegation)],
          ...(epochStatement === undefined ? {} : { epochStatement: readInput(epochStatement) }),
          ...(approvalPolicy === undefined ? {} : { approvalPolicyObject: readInput(approvalPolicy) }),
        };
        verifyProduct(nodeCrypto, keys);
        writeProduct(folder, keys);
        face.tell(
          { event: 'product-added', folder, product },
          `${folder}: issues licenses for ${product} when it serves next`,
        );
      }),
    );
