// `firmseal authority serve`: the HTTP interface of an authority, on this machine, until it is asked to stop.

import { Command } from '@commander-js/extra-typings';
import {
  checkHead,
  createAuthority,
  formatRequest,
  keepHead,
  type RequestEvent,
  type Store,
  serveAuthority,
} from '@firmseal/authority';
import { calls } from '@firmseal/authority-contract';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type KeyRole, openKeyFile, signerOf, unwrapperOf } from '@firmseal/keys';
import { authorityPaths, headFile, openAuthorityStore, readProducts } from '../../authority-folder.ts';
import type { Face } from '../../face.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { examples, hostPort, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

const keepHeadEveryMs = 5000;

/** Notes the head of the log every few seconds; a failure is told once, until it has worked again. */
function keepHeadNoted(face: Face, store: Store, file: ReturnType<typeof headFile>): () => Promise<void> {
  let failed = false;
  const note = async () => {
    try {
      await keepHead(store, file);
      failed = false;
    } catch (error) {
      if (!failed) face.note(`the head of the log could not be noted: ${(error as Error).message}`);
      failed = true;
    }
  };
  const timer = setInterval(note, keepHeadEveryMs);
  return () => {
    clearInterval(timer);
    return note();
  };
}

/** Every request but a good answer about health, which is asked for without an end. */
const logRequest =
  ({ err }: Shell) =>
  (event: RequestEvent): void => {
    if (event.route === calls.health.path && event.fault === undefined) return;
    err.write(`${formatRequest(event, new Date())}\n`);
  };

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .option('--listen <host:port>', 'loopback address; port 0 lets the system choose', hostPort, {
      host: '127.0.0.1',
      port: 7443,
    })
    .option(
      '--head-file <file>',
      'where the head of the log is noted, best on another disk than the database',
    )
    .option(
      '--accept-restore',
      'serve an older database that was put back: every token is revoked, every job has to be approved again',
    )
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('authority serve authority --listen 127.0.0.1:7443'))
    .action(
      runs(shell, async (face, folder, options) => {
        const { listen, passphraseFile, acceptRestore = false } = options;
        const paths = authorityPaths(folder);
        const head = headFile(options.headFile ?? paths.head);
        for (const path of [paths.issuer, paths.kem]) warnOfReaders(face, path);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        const open = (path: string, role: KeyRole) => openKeyFile(nodeCrypto, { path, passphrase, role });
        const issuerKey = await open(paths.issuer, 'license-issuer');
        const kemKey = await open(paths.kem, 'authority-kem');
        passphrase.wipe();
        const { products, ignored } = readProducts(folder, signerOf(nodeCrypto, issuerKey));
        for (const name of ignored) face.note(`${paths.products}: ${name} is no product and is ignored`);
        const store = openAuthorityStore(folder);
        try {
          const kem = unwrapperOf(nodeCrypto, kemKey);
          const authority = await createAuthority({ store, crypto: nodeCrypto, kem, products });
          const restored = await checkHead(authority, head, { acceptRestore });
          if (restored)
            face.tell(
              { event: 'restore-accepted', folder },
              `${folder}: an older database was accepted. Every token is revoked, every job has to be approved again.`,
              `  make a token for the owner: firmseal authority token ${folder} --out FILE`,
            );
          const running = await serveAuthority({ authority, ...listen, onRequest: logRequest(shell) });
          const stopNoting = keepHeadNoted(face, store, head);
          const served = products.map(({ product }) => product);
          face.tell(
            { event: 'serving', url: running.url, products: served },
            `authority serves ${served.join(', ') || 'no product yet'} at ${running.url}`,
          );
          await shell.stops.wait();
          await running.stop();
          await stopNoting();
        } finally {
          await store.close();
          issuerKey.privateKey.wipe();
          kemKey.privateKey.wipe();
        }
      }),
    );
