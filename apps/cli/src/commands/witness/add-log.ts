// `firmseal witness add-log`: the witness cosigns one more ledger from its next start on.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { formatNoteKey } from '@firmseal/ledger';
import { readNoteKey } from '../../ledger/note-keys.ts';
import { readWitnessSettings, writeWitnessSettings } from '../../ledger/witness-settings.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the witness's folder")
    .requiredOption('--log-key <file>', 'verifier key of the ledger (ledger.vkey)')
    .addHelpText('after', examples('witness add-log witness --log-key ledger.vkey'))
    .action(
      runs(shell, async (face, folder, { logKey }) => {
        const settings = readWitnessSettings(folder);
        const key = readNoteKey(logKey, 'log');
        const text = formatNoteKey(nodeCrypto, key);
        const logs = [...settings.logs.filter((one) => one !== text), text];
        writeWitnessSettings(folder, { ...settings, logs });
        face.tell(
          { event: 'log-added', folder, origin: key.name, logs: logs.length },
          `${folder}: cosigns ${key.name} when it serves next`,
        );
      }),
    );
