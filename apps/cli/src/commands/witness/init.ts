// `firmseal witness init`: the folder of a witness, with a key of its own. Run it on another machine, and
// better in other hands, than the ledgers that it watches.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeFolder, writeNewFiles } from '@firmseal/files';
import { makeKey } from '@firmseal/keys';
import { noteKeyFile } from '../../ledger/note-keys.ts';
import { encodeWitnessSettings, witnessPaths } from '../../ledger/witness-settings.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readNewPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { costOf, type Shell } from '../../shell.ts';
import { noteName } from '../ledger/init.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', 'the folder to make')
    .requiredOption('--name <name>', 'name of the witness for ever, such as witness.example/w1', noteName)
    .addOption(passphraseOption('the key of the witness'))
    .addHelpText('after', examples('witness init witness --name witness.example/w1'))
    .action(
      runs(shell, async (face, folder, { name, passphraseFile }) => {
        await makeFolder(folder, async (inside) => {
          const passphrase = await readNewPassphrase(face, 'the key of the witness', passphraseFile);
          const { info, file } = await makeKey(nodeCrypto, {
            ...{ role: 'witness', passphrase, now: new Date() },
            ...costOf(shell),
          });
          const key = { kind: 'witness', name, publicKey: info.publicKey } as const;
          const paths = witnessPaths(inside);
          writeNewFiles([
            { path: paths.verifierKey, parts: [noteKeyFile(key)] },
            { path: paths.key, parts: [file], mode: 0o600 },
            { path: paths.settings, parts: [encodeWitnessSettings({ name, logs: [] })] },
          ]);
        });
        const { verifierKey } = witnessPaths(folder);
        face.tell(
          { event: 'witness-made', folder, name, verifierKeyFile: verifierKey },
          `${folder}: witness ${name} made.`,
          `  ${verifierKey}: give it to the ledgers, lines and auditors that are to believe it`,
        );
      }),
    );
