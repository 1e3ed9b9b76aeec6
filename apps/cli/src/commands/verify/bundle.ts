// `firmseal verify bundle`: what one bundle proves, by public keys alone: of the owner's root, of the ledger,
// and of its witnesses. The exit code is that of the outcome, as with a receipt.

import { Command } from '@commander-js/extra-typings';
import { verifyLedgerBundle } from '@firmseal/audit';
import { nodeCrypto } from '@firmseal/crypto-node';
import { exitCodes } from '@firmseal/fault';
import type { Outcome } from '@firmseal/license';
import { readInput } from '../../files.ts';
import {
  leastWitnessesOption,
  logKeyOption,
  requireLedgerTrust,
  witnessKeyOption,
} from '../../ledger/note-keys.ts';
import { examples, productOption, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';
import { provenText } from '../../unit-view.ts';

const exitCodeOf = (outcome: Outcome): number => exitCodes[outcome.toLowerCase() as Lowercase<Outcome>];

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'bundle, of `firmseal ledger bundle`')
    .addOption(rootKeyOption())
    .addOption(logKeyOption().makeOptionMandatory())
    .addOption(witnessKeyOption())
    .addOption(leastWitnessesOption())
    .addOption(productOption().makeOptionMandatory(false))
    .addHelpText(
      'after',
      examples(
        'verify bundle unit-0.bundle --root-key root.key.pub --log-key ledger.vkey --witness-key witness.vkey',
      ),
    )
    .action(
      runs(shell, async (face, file, options) => {
        const { rootKey, product } = options;
        const ledger = requireLedgerTrust(options);
        const receipts = { rootPublicKey: readPublicKey(rootKey), product };
        const proven = verifyLedgerBundle(nodeCrypto, readInput(file), { receipts, ledger });
        const { firmwareVersion, securityCounter, chip, thumbprint, unitIndex } = proven;
        const cosigned = proven.cosigned.map(
          ({ name, timeSeconds }) => `${name} at ${showTime(timeSeconds * 1000)}`,
        );
        face.tell(
          { event: 'bundle', file, ...proven },
          `${proven.product} ${firmwareVersion} (security counter ${securityCounter}) on ${chip} ${thumbprint}`,
          `  ${provenText(proven)}`,
          `  job ${proven.job}, license ${proven.license}, unit ${unitIndex}`,
          `  ledger ${proven.ledgerOrigin}: license is entry ${proven.licenseEntry}, receipt entry ${proven.receiptEntry}`,
          `  cosigned by ${cosigned.join(', ') || 'no witness that was asked for'}`,
          `  receipt ${proven.receiptDigest}: verified`,
        );
        return exitCodeOf(proven.outcome);
      }),
    );
