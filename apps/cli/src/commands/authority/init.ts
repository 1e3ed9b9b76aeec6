// `firmseal authority init`: the folder of an authority with keys of its own, its
// database and the owner's token.

import { mkdirSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { createAuthority, createToken } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { createKeyFile } from '@firmseal/keys';
import { authorityPaths, openAuthorityStore } from '../../authority-folder.ts';
import { refuseExisting, writeText } from '../../files.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { writePublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** Makes the database and in it the token of the owner; returns the token's text. */
async function makeStore(folder: string): Promise<string> {
  const store = openAuthorityStore(folder);
  const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
  const authority = createAuthority({ store, crypto: nodeCrypto, kem, products: [] });
  const { token } = await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' });
  await store.close();
  return token;
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', 'the folder to make')
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('authority init authority'))
    .action(
      runs(shell, async (face, folder, { passphraseFile }) => {
        const paths = authorityPaths(folder);
        mkdirSync(paths.products, { recursive: true, mode: 0o700 });
        refuseExisting(paths.ownerToken);
        const passphrase = await readPassphrase(shell, 'the keys of the authority', passphraseFile);
        for (const [path, role] of [
          [paths.issuer, 'license-issuer'],
          [paths.kem, 'authority-kem'],
        ] as const) {
          const { publicKey } = await createKeyFile(nodeCrypto, { path, role, passphrase, now: new Date() });
          writePublicKey(`${path}.pub`, publicKey);
        }
        writeText(paths.ownerToken, `${await makeStore(folder)}\n`, 0o600);
        face.tell(
          {
            event: 'authority-made',
            ...{ folder, issuerKey: `${paths.issuer}.pub`, kemKey: `${paths.kem}.pub` },
            tokenFile: paths.ownerToken,
          },
          `${folder}: authority made.`,
          `  ${paths.issuer}.pub: have the root delegate it (firmseal keys delegate --role license-issuer)`,
          `  ${paths.kem}.pub: give it to whoever seals`,
          `  ${paths.ownerToken}: token of the owner`,
        );
      }),
    );
