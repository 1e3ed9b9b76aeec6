// `firmseal verify outcome`: who says what of a chip without agent, by the owner's root key alone, without a
// connection. It is a station's word and no proof: the exit code is never that of PASS.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { exitCodes } from '@firmseal/fault';
import { verifyOutcomeFile } from '@firmseal/station';
import { readInput } from '../../files.ts';
import { examples, productOption, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';
import { statedText } from '../../unit-view.ts';

const codes = { 'DONE-UNPROVEN': exitCodes.unproven, FAILED: exitCodes.chip, UNKNOWN: exitCodes.chip };

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'outcome file, of `install --unproven --receipts` or `firmseal audit --receipts`')
    .addOption(rootKeyOption())
    .addOption(productOption().makeOptionMandatory(false))
    .addHelpText('after', examples('verify outcome receipts/HOLDER-PACKAGE.outcome --root-key root.key.pub'))
    .action(
      runs(shell, async (face, file, { rootKey, product }) => {
        const rootPublicKey = readPublicKey(rootKey);
        const stated = verifyOutcomeFile(nodeCrypto, readInput(file), { rootPublicKey, product });
        const { station, statement, manifest } = stated;
        const { jobId, unitIndex, holder, chipId, method, result, cause, protection, digest } = statement;
        const view = {
          ...{ result, cause, station: station.name, method },
          ...{ access: protection?.access, readoutLevel: protection?.readoutLevel },
        };
        const { firmwareVersion } = manifest?.core ?? {};
        const content =
          firmwareVersion === undefined
            ? `image ${toHex(statement.contentDigest)}`
            : `version ${firmwareVersion}`;
        face.tell(
          {
            ...{ event: 'outcome', file, ...view, product: station.product, firmwareVersion },
            ...{ job: toHex(jobId), unitIndex, holder: toHex(holder), chip: chipId },
            ...{ contentDigest: toHex(statement.contentDigest), outcomeDigest: toHex(digest) },
            ...{ uninterrupted: statement.uninterrupted, atSeconds: statement.atSeconds, proven: false },
          },
          `${station.product}, ${content}, on ${chipId} ${toHex(holder)}`,
          `  WITHOUT PROOF: ${statedText(view)}`,
          `  job ${toHex(jobId)}, unit ${unitIndex}`,
          `  ${showTime(statement.atSeconds * 1000)}, by the clock of the station`,
          `  statement ${toHex(digest)}: signed by the station; no chip signed anything`,
        );
        return codes[result];
      }),
    );
