// `firmseal ledger add-witness`: from its next start on, the authority asks one more witness to cosign, and
// licenses wait for as many cosignatures as are asked for.

import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { formatNoteKey } from '@firmseal/ledger';
import {
  ledgerPaths,
  readLedgerSettings,
  witnessesOf,
  writeLedgerSettings,
} from '../../ledger/ledger-settings.ts';
import { readNoteKey } from '../../ledger/note-keys.ts';
import { examples, number } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

function webAddress(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('It must be an address that begins with http:// or https://.');
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .requiredOption('--witness-key <file>', 'verifier key of the witness (witness.vkey)')
    .addOption(
      new Option('--url <url>', 'address of the witness').argParser(webAddress).makeOptionMandatory(),
    )
    .option(
      '--least <number>',
      'how many witnesses must have cosigned before a license leaves; all when left out',
      number({ most: 16 }),
    )
    .addHelpText(
      'after',
      examples('ledger add-witness authority --witness-key witness.vkey --url https://witness.example'),
    )
    .action(
      runs(shell, async (face, folder, { witnessKey, url, least: asked }) => {
        const settings = readLedgerSettings(folder);
        if (settings === undefined) throw new Fault('file-missing', { file: ledgerPaths(folder).settings });
        const key = readNoteKey(witnessKey, 'witness');
        const text = formatNoteKey(nodeCrypto, key);
        const others = witnessesOf(folder, settings).filter(
          (one) => formatNoteKey(nodeCrypto, one.key) !== text,
        );
        const witnesses = [
          ...others.map((one) => ({ key: formatNoteKey(nodeCrypto, one.key), url: one.url })),
          { key: text, url },
        ];
        const least = asked ?? witnesses.length;
        if (least > witnesses.length) {
          const detail = `--least asks for ${least} of ${witnesses.length} witnesses`;
          throw new Fault('command-line-invalid', { command: 'firmseal ledger add-witness', detail });
        }
        writeLedgerSettings(folder, { ...settings, witnesses, least });
        face.tell(
          { event: 'witness-added', folder, witness: key.name, url, least, witnesses: witnesses.length },
          `${folder}: asks ${key.name} when it serves next; a license waits for ${least} of ${witnesses.length} witnesses`,
        );
      }),
    );
