// `firmseal keys new`: a key in a file of its own, encrypted with a passphrase, and its public key beside it.

import { Command, Option } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeKey, p256Roles } from '@firmseal/keys';
import { examples, passphraseOption } from '../../options.ts';
import { readNewPassphrase } from '../../passphrase.ts';
import { publicKeyFile } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import { costOf, type Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(new Option('--role <role>', 'what the key is for').choices(p256Roles).makeOptionMandatory())
    .requiredOption('--out <file>', 'where to write the key; an existing key is never replaced')
    .addOption(passphraseOption('the new key (else FIRMSEAL_PASSPHRASE, else a prompt)'))
    .addHelpText(
      'after',
      examples('keys new --role root --out root.key', 'keys new --role package-signer --out signer.key'),
    )
    .action(
      runs(shell, async (face, { role, out, passphraseFile }) => {
        const publicKeyPath = `${out}.pub`;
        refuseUnmakeable([publicKeyPath, out]);
        const passphrase = await readNewPassphrase(face, `the new key ${out}`, passphraseFile);
        const { info, file } = await makeKey(nodeCrypto, {
          role,
          passphrase,
          now: new Date(),
          ...costOf(shell),
        });
        writeNewFiles([
          { path: publicKeyPath, parts: [publicKeyFile(info.publicKey)] },
          { path: out, parts: [file], mode: 0o600 },
        ]);
        face.tell(
          { event: 'key-made', role, file: out, publicKeyFile: publicKeyPath, publicKey: info.publicKey },
          `${out}: ${role} key, public key in ${publicKeyPath}`,
        );
      }),
    );
