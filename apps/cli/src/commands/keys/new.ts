// `firmseal keys new`: a key in a file of its own, encrypted with a passphrase, or a key in a PKCS #11 token
// and a file that names it; its public key beside it.

import { Command, Option } from '@commander-js/extra-typings';
import type { Secret } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { type KeyRole, makeKey, p256Roles, tokenKeyFile } from '@firmseal/keys';
import type { Face } from '../../face.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readNewPassphrase, readPassphrase } from '../../passphrase.ts';
import { publicKeyFile } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import { openToken } from '../../secret-files.ts';
import { costOf, type Shell } from '../../shell.ts';

interface Wanted {
  readonly role: KeyRole;
  readonly out: string;
  readonly passphraseFile?: string | undefined;
  readonly token?: string | undefined;
  readonly existing?: true | undefined;
}

async function tokenPublicKey(uri: string, pin: Secret, { role, existing }: Wanted): Promise<Uint8Array> {
  if (existing !== true) {
    const { makeTokenKey } = await import('@firmseal/pkcs11-adapter');
    return (await makeTokenKey(nodeCrypto, { uri, pin, role })).publicKey;
  }
  const key = await openToken({ uri, pin, role });
  key.close();
  return key.publicKey;
}

async function newKey(face: Face, wanted: Wanted) {
  const { role, out, passphraseFile, token: uri } = wanted;
  const now = new Date();
  if (uri === undefined) {
    const passphrase = await readNewPassphrase(face, `the new key ${out}`, passphraseFile);
    const made = await makeKey(nodeCrypto, { role, passphrase, now, ...costOf(face.shell) });
    return { publicKey: made.info.publicKey, file: made.file };
  }
  const pin = await readPassphrase(face, 'the token (its PIN)', passphraseFile);
  const publicKey = await tokenPublicKey(uri, pin, wanted);
  pin.wipe();
  return { publicKey, file: tokenKeyFile({ role, publicKey, uri, now }) };
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(new Option('--role <role>', 'what the key is for').choices(p256Roles).makeOptionMandatory())
    .requiredOption('--out <file>', 'where to write the key; an existing key is never replaced')
    .option('--token <uri>', 'pkcs11: URI: make the key in a token; the file only names it')
    .option('--existing', 'with --token: the key is there already')
    .addOption(passphraseOption('the new key, or PIN of the token (else FIRMSEAL_PASSPHRASE, else a prompt)'))
    .addHelpText(
      'after',
      examples('keys new --role root --out root.key', 'keys new --role package-signer --out signer.key'),
    )
    .action(
      runs(shell, async (face, options) => {
        const { role, out } = options;
        const publicKeyPath = `${out}.pub`;
        refuseUnmakeable([publicKeyPath, out]);
        const { publicKey, file } = await newKey(face, options);
        writeNewFiles([
          { path: publicKeyPath, parts: [publicKeyFile(publicKey)] },
          { path: out, parts: [file], mode: 0o600 },
        ]);
        face.tell(
          { event: 'key-made', role, file: out, publicKeyFile: publicKeyPath, publicKey },
          `${out}: ${role} key${options.token === undefined ? '' : ' in the token'}, public key in ${publicKeyPath}`,
        );
      }),
    );
