// `firmseal ledger bundle`: receipt, license and proofs of one unit in a file that a stranger verifies.

import { Command } from '@commander-js/extra-typings';
import { makeLedgerBundle, verifyLedgerBundle } from '@firmseal/audit';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { jobId } from '../../authority-access.ts';
import { readInput } from '../../files.ts';
import { ledgerSource } from '../../ledger/ledger-source.ts';
import {
  leastWitnessesOption,
  logKeyOption,
  requireLedgerTrust,
  witnessKeyOption,
} from '../../ledger/note-keys.ts';
import { examples, number, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job', jobId)
    .argument('<unit>', 'number of the unit', number())
    .requiredOption('--ledger <place>', 'folder with the files of the ledger, or their address')
    .option('--token-file <file>', "file with an owner's or an auditor's token, for an authority's address")
    .addOption(logKeyOption().makeOptionMandatory())
    .addOption(witnessKeyOption())
    .addOption(leastWitnessesOption())
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA that certified the chip')
    .requiredOption('--out <file>', 'where to write the bundle')
    .addHelpText(
      'after',
      examples(
        'ledger bundle "$(cat job.id)" 0 --ledger ledger --log-key ledger.vkey --witness-key witness.vkey \\\n' +
          '      --root-key root.key.pub --device-ca-delegation ca.delegation --out unit-0.bundle',
      ),
    )
    .action(
      runs(shell, async (face, job, unit, options) => {
        const { out, rootKey, deviceCaDelegation } = options;
        const trust = requireLedgerTrust(options);
        const receipts = { rootPublicKey: readPublicKey(rootKey) };
        const delegation = readInput(deviceCaDelegation);
        refuseUnwritable(out);
        const bundle = await makeLedgerBundle(nodeCrypto, ledgerSource(face, options), {
          of: { job: toHex(job), unit, deviceCaDelegation: delegation },
          trust,
        });
        // Nobody is handed a file that a stranger would refuse.
        const proven = verifyLedgerBundle(nodeCrypto, bundle, { receipts, ledger: trust });
        writeWholeFile(out, [bundle]);
        face.tell(
          { event: 'bundle', file: out, job: toHex(job), unit, receipt: proven.receiptDigest },
          `${out}: receipt ${proven.receiptDigest} of unit ${unit}, with its license and their proofs`,
        );
      }),
    );
