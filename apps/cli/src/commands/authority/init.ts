// `firmseal authority init`: the folder of an authority with keys of its own, its database and the owner's
// token. It is there whole or not at all: interrupted, the same command begins again.

import { Command } from '@commander-js/extra-typings';
import { makeFolder } from '@firmseal/files';
import { authorityPaths } from '../../authority-folder.ts';
import { makeAuthority } from '../../make-authority.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readNewPassphrase, readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { costOf, type Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', 'the folder to make')
    .option('--issuer-token <uri>', 'pkcs11: URI: make the key that signs licenses in a token')
    .option('--kem-token <uri>', 'pkcs11: URI: make the key that opens content keys in a token')
    .addOption(passphraseOption('the keys of the authority, or PIN of the token'))
    .addHelpText('after', examples('authority init authority'))
    .action(
      runs(shell, async (face, folder, { passphraseFile, issuerToken, kemToken }) => {
        // A PIN exists, and a token stops who tries many; a passphrase is new, and has to be strong.
        const onlyTokens = issuerToken !== undefined && kemToken !== undefined;
        const ask = onlyTokens ? readPassphrase : readNewPassphrase;
        await makeFolder(folder, async (inside) =>
          makeAuthority(inside, await ask(face, 'the keys of the authority', passphraseFile), {
            ...costOf(shell),
            tokens: { issuer: issuerToken, kem: kemToken },
          }),
        );
        const { issuer, kem, ownerToken } = authorityPaths(folder);
        face.tell(
          {
            event: 'authority-made',
            ...{ folder, issuerKey: `${issuer}.pub`, kemKey: `${kem}.pub`, tokenFile: ownerToken },
          },
          `${folder}: authority made.`,
          `  ${issuer}.pub: have the root delegate it (firmseal keys delegate --role license-issuer)`,
          `  ${kem}.pub: give it to the owner, who seals for it (firmseal seal --authority-key)`,
          `  ${ownerToken}: token of the owner`,
        );
      }),
    );
