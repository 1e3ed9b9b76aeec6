// `firmseal authority serve`: the HTTP interface of an authority, on this machine, until it is asked to stop.

import { Command } from '@commander-js/extra-typings';
import { createAuthority, serveAuthority } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type KeyRole, openKeyFile, signerOf, unwrapperOf } from '@firmseal/keys';
import { authorityPaths, openAuthorityStore, readProducts } from '../../authority-folder.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { examples, hostPort, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .option('--listen <host:port>', 'loopback address; port 0 lets the system choose', hostPort, {
      host: '127.0.0.1',
      port: 7443,
    })
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('authority serve authority --listen 127.0.0.1:7443'))
    .action(
      runs(shell, async (face, folder, { listen, passphraseFile }) => {
        const paths = authorityPaths(folder);
        for (const path of [paths.issuer, paths.kem]) warnOfReaders(face, path);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        const open = (path: string, role: KeyRole) => openKeyFile(nodeCrypto, { path, passphrase, role });
        const issuerKey = await open(paths.issuer, 'license-issuer');
        const kemKey = await open(paths.kem, 'authority-kem');
        passphrase.wipe();
        const products = readProducts(folder, signerOf(nodeCrypto, issuerKey));
        const store = openAuthorityStore(folder);
        const kem = unwrapperOf(nodeCrypto, kemKey);
        try {
          const authority = createAuthority({ store, crypto: nodeCrypto, kem, products });
          const running = await serveAuthority({ authority, ...listen });
          const served = products.map(({ product }) => product);
          face.tell(
            { event: 'serving', url: running.url, products: served },
            `authority serves ${served.join(', ') || 'no product yet'} at ${running.url}`,
          );
          await shell.stops.wait();
          await running.stop();
        } finally {
          await store.close();
          issuerKey.privateKey.wipe();
          kemKey.privateKey.wipe();
        }
      }),
    );
