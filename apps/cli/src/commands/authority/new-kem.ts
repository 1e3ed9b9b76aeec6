// `firmseal authority new-kem`: a new key for which packages are sealed. The previous one stays beside it and
// opens what is there, until `authority rewrap` and `authority retire-kem` end it.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { openKeyFile } from '@firmseal/keys';
import { authorityPaths } from '../../authority-folder.ts';
import { replaceKem } from '../../kem-rotation.ts';
import { makeKeyOf } from '../../make-authority.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { openToken } from '../../secret-files.ts';
import { costOf, type Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the folder with the authority's keys")
    .option('--kem-token <uri>', 'pkcs11: URI: make the new key in a token')
    .addOption(passphraseOption('the keys of the authority, or PIN of the token'))
    .addHelpText('after', examples('authority new-kem authority'))
    .action(
      runs(shell, async (face, folder, { kemToken: uri, passphraseFile }) => {
        const { kem } = authorityPaths(folder);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        try {
          await replaceKem(folder, async () => {
            // One passphrase opens all keys of the folder, so it has to open the one that is there.
            const present = { path: kem, passphrase, role: 'authority-kem', openToken } as const;
            (await openKeyFile(nodeCrypto, present)).close();
            return (await makeKeyOf('authority-kem', { uri, passphrase, ...costOf(shell) })).file;
          });
        } finally {
          passphrase.wipe();
        }
        face.tell(
          { event: 'kem-replaced', folder, kemKey: `${kem}.pub` },
          `${folder}: a new KEM key; the previous one goes on opening what was wrapped for it.`,
          '  1. start the authority again, with each signer of it',
          `  2. give ${kem}.pub to everybody who seals (firmseal seal --authority-key)`,
          '  3. firmseal authority rewrap, and with --package for packages that no job has yet',
          `  4. firmseal authority retire-kem ${folder}`,
        );
      }),
    );
