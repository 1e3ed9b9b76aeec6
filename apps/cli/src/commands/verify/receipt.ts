// `firmseal verify receipt`: what one receipt proves, by the owner's root key alone, without a connection.
// The exit code is that of the outcome: 0 for PASS, one of its own for each weakness.

import { Command, Option } from '@commander-js/extra-typings';
import { verifyReceiptFile } from '@firmseal/audit';
import { nodeCrypto } from '@firmseal/crypto-node';
import { exitCodes } from '@firmseal/fault';
import type { Outcome } from '@firmseal/license';
import { splitPackage, verifyHeader } from '@firmseal/seal';
import { readInput } from '../../files.ts';
import { examples, productOption, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';
import { provenText } from '../../unit-view.ts';

const exitCodeOf = (outcome: Outcome): number => exitCodes[outcome.toLowerCase() as Lowercase<Outcome>];

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'receipt file, of `firmseal install --receipts` or `firmseal audit --receipts`')
    .addOption(rootKeyOption())
    .addOption(productOption().makeOptionMandatory(false))
    .addOption(new Option('--package <file>', 'the receipt must be for this package'))
    .addHelpText(
      'after',
      examples(
        'verify receipt receipts/THUMBPRINT-PACKAGE.receipt --root-key root.key.pub',
        'verify receipt receipts/THUMBPRINT-PACKAGE.receipt --root-key root.key.pub --package panel.seal',
      ),
    )
    .action(
      runs(shell, async (face, file, { rootKey, product, package: path }) => {
        const rootPublicKey = readPublicKey(rootKey);
        const trust = { rootPublicKey, product };
        const asked =
          path === undefined
            ? undefined
            : verifyHeader(nodeCrypto, splitPackage(readInput(path)).header, { rootPublicKey }).manifest;
        const proven = verifyReceiptFile(nodeCrypto, readInput(file), {
          ...{ ...trust, manifestDigest: asked?.digest },
        });
        const { firmwareVersion, securityCounter, chip, thumbprint, unitIndex } = proven;
        const unit = unitIndex === undefined ? 'its license is not in the file' : `unit ${unitIndex}`;
        face.tell(
          { event: 'receipt', file, ...proven },
          `${proven.product} ${firmwareVersion} (security counter ${securityCounter}) on ${chip} ${thumbprint}`,
          `  ${provenText(proven)}`,
          `  job ${proven.job}, license ${proven.license}, ${unit}`,
          `  install ${proven.installCount} of this chip, agent version ${proven.agentVersion}`,
          `  kept ${showTime(proven.keptAtMs)}, by the clock of the machine that wrote the file; nobody signed this time`,
          `  receipt ${proven.receiptDigest}: verified`,
        );
        return exitCodeOf(proven.outcome);
      }),
    );
