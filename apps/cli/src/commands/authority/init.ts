// `firmseal authority init`: the folder of an authority with keys of its own, its
// database and the owner's token. Begun again after it was interrupted, it goes on where it was.

import { existsSync, mkdirSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { createToken } from '@firmseal/authority';
import type { Secret } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { faultOfFile, refuseUnwritable } from '@firmseal/files';
import { createKeyFile, type KeyRole, openKeyFile } from '@firmseal/keys';
import { authorityPaths, openLocalAuthority } from '../../authority-folder.ts';
import { writeText } from '../../files.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { writePublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** Makes the key, or opens the one that an interrupted run has made: the passphrase has to be the same. */
async function makeKey(path: string, role: KeyRole, passphrase: Secret): Promise<void> {
  if (existsSync(path)) {
    const { publicKey, privateKey } = await openKeyFile(nodeCrypto, { path, passphrase, role });
    privateKey.wipe();
    writePublicKey(`${path}.pub`, publicKey);
    return;
  }
  const { publicKey } = await createKeyFile(nodeCrypto, { path, role, passphrase, now: new Date() });
  writePublicKey(`${path}.pub`, publicKey);
}

/** Makes the database and in it the token of the owner; returns the token's text. */
async function makeStore(folder: string): Promise<string> {
  const authority = await openLocalAuthority(folder);
  try {
    return (await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' })).token;
  } finally {
    await authority.store.close();
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw faultOfFile(cause, path, 'written');
  }
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', 'the folder to make')
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('authority init authority'))
    .action(
      runs(shell, async (face, folder, { passphraseFile }) => {
        const paths = authorityPaths(folder);
        makeFolder(paths.products);
        // It is written last: where it is, the authority is made.
        refuseUnwritable(paths.ownerToken, { existing: 'refuse' });
        const passphrase = await readPassphrase(shell, 'the keys of the authority', passphraseFile);
        await makeKey(paths.issuer, 'license-issuer', passphrase);
        await makeKey(paths.kem, 'authority-kem', passphrase);
        writeText(paths.ownerToken, `${await makeStore(folder)}\n`, 0o600);
        face.tell(
          {
            event: 'authority-made',
            ...{ folder, issuerKey: `${paths.issuer}.pub`, kemKey: `${paths.kem}.pub` },
            tokenFile: paths.ownerToken,
          },
          `${folder}: authority made.`,
          `  ${paths.issuer}.pub: have the root delegate it (firmseal keys delegate --role license-issuer)`,
          `  ${paths.kem}.pub: give it to the owner, who seals for it (firmseal seal --authority-key)`,
          `  ${paths.ownerToken}: token of the owner`,
        );
      }),
    );
