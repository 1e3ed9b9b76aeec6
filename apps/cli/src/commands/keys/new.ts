// `firmseal keys new`: a key in a file of its own, encrypted with a passphrase, and its public key beside it.

import { Command, Option } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { createKeyFile, keyRoles } from '@firmseal/keys';
import { refuseExisting } from '../../files.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { writePublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(new Option('--role <role>', 'what the key is for').choices(keyRoles).makeOptionMandatory())
    .requiredOption('--out <file>', 'where to write the key; an existing key is never replaced')
    .addOption(passphraseOption('the new key (else FIRMSEAL_PASSPHRASE, else a prompt)'))
    .addHelpText(
      'after',
      examples('keys new --role root --out root.key', 'keys new --role package-signer --out signer.key'),
    )
    .action(
      runs(shell, async (face, { role, out, passphraseFile }) => {
        refuseExisting(out, `${out}.pub`);
        const passphrase = await readPassphrase(shell, `the new key ${out}`, passphraseFile);
        const made = await createKeyFile(nodeCrypto, { path: out, role, passphrase, now: new Date() });
        writePublicKey(`${out}.pub`, made.publicKey);
        face.tell(
          { event: 'key-made', role, file: out, publicKeyFile: `${out}.pub`, publicKey: made.publicKey },
          `${out}: ${role} key, public key in ${out}.pub`,
        );
      }),
    );
