// `firmseal authority serve`: the HTTP interface of an authority until it is asked to stop. Over TLS where it
// is given a certificate, else on this machine only.

import { Command, Option } from '@commander-js/extra-typings';
import {
  checkHead,
  createAuthority,
  Metrics,
  type ProductKeys,
  type Store,
  serveAuthority,
  serveMetrics,
  WebhookSender,
} from '@firmseal/authority';
import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type KeyRole, type OpenedKey, openKeyFile, signerOf, unwrapperOf } from '@firmseal/keys';
import { authorityPaths, headFile, openAuthorityStore, readProducts } from '../../authority-folder.ts';
import type { Face } from '../../face.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { readInput } from '../../files.ts';
import { collect, examples, listenOption, passphraseOption, port } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { openToken } from '../../secret-files.ts';
import { readConsole } from '../../serve/console-files.ts';
import { noteHead } from '../../serve/note-head.ts';
import { logFormats, observeRequests } from '../../serve/observe-requests.ts';
import { keepPublished, type OpenedLedger, openLedger } from '../../serve/publish-ledger.ts';
import { readTlsFiles, type TlsFiles, watchTlsFiles } from '../../serve/tls-files.ts';
import { warnOfGeneration } from '../../serve/warn-of-generation.ts';
import type { Shell } from '../../shell.ts';

interface Given {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly clientCa?: string | undefined;
}

/** Throws `tls-files-invalid` when one is given without another that it needs. */
function tlsFilesOf({ tlsCert: cert, tlsKey: key, clientCa }: Given): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  const problem = '--tls-cert and --tls-key belong together, and --client-ca needs both';
  throw new Fault('tls-files-invalid', { problem });
}

/** The authority on its store, after the head of its log was looked at. */
async function openAuthority(
  face: Face,
  {
    folder,
    store,
    kemKey,
    products,
    head,
    statements,
    ledger,
  }: {
    folder: string;
    store: Store;
    kemKey: OpenedKey;
    products: readonly ProductKeys[];
    head: ReturnType<typeof headFile>;
    statements: readonly Bytes[];
    ledger: OpenedLedger | undefined;
  },
) {
  const kem = unwrapperOf(nodeCrypto, kemKey);
  const authority = await createAuthority({
    ...{ store, crypto: nodeCrypto, kem, products: [...products] },
    ...(ledger ? { ledger: ledger.ledger } : {}),
    onFewUnits: ({ job, product, remaining, quota }) =>
      face.warn(`job ${toHex(job)} of product ${product}: ${remaining} of ${quota} units are left`),
  });
  const restored = await checkHead(authority, head, { statements });
  if (restored)
    face.tell(
      { event: 'restore-accepted', folder },
      `${folder}: an older database was accepted. Every token is revoked, every job has to be approved again.`,
      `  make a token for the owner: firmseal authority token ${folder} --out FILE`,
    );
  return authority;
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .addOption(listenOption('127.0.0.1:7443'))
    .option('--tls-cert <file>', 'certificate chain, PEM; with it any address may be listened on')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--client-ca <file>', 'refuse clients without a certificate of this CA, PEM')
    .option(
      '--head-file <file>',
      'where the head of the log is noted, best on another disk than the database',
    )
    .option(
      '--accept-restore <file>',
      'serve an older database by what the root signed: every token is revoked, every job has to be approved again; repeat for each product',
      collect,
    )
    .addOption(
      new Option('--log-format <format>', 'form of the request log')
        .choices(logFormats)
        .default('text' as const),
    )
    .option('--metrics-port <port>', 'loopback port of the figures for Prometheus', port)
    .option('--no-console', 'serve no page for people at /console/')
    .option('--validate', 'check keys, products, database and TLS files, and end')
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText(
      'after',
      examples(
        'authority serve authority --listen 127.0.0.1:7443',
        'authority serve authority --listen 0.0.0.0:7443 --tls-cert fullchain.pem --tls-key privkey.pem',
      ),
    )
    .action(
      runs(shell, async (face, folder, options) => {
        const { listen, passphraseFile, acceptRestore = [], validate = false } = options;
        const paths = authorityPaths(folder);
        const statements = acceptRestore.map((path) => readInput(path));
        const head = headFile(options.headFile ?? paths.head);
        const tlsFiles = tlsFilesOf(options);
        const tls = tlsFiles === undefined ? undefined : readTlsFiles(face, tlsFiles);
        for (const path of [paths.issuer, paths.kem]) warnOfReaders(face, path);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        const open = (path: string, role: KeyRole) =>
          openKeyFile(nodeCrypto, { path, passphrase, role, openToken });
        const issuerKey = await open(paths.issuer, 'license-issuer');
        const kemKey = await open(paths.kem, 'authority-kem');
        const say = (line: string) => face.note(line);
        const { products, ignored } = readProducts(folder, signerOf(nodeCrypto, issuerKey));
        for (const name of ignored) say(`${paths.products}: ${name} is no product and is ignored`);
        const served = products.map(({ product }) => product);
        const names = served.join(', ') || 'no product yet';
        const store = await openAuthorityStore(folder);
        const wasThere = head.read() !== undefined;
        let ledger: OpenedLedger | undefined;
        try {
          ledger = await openLedger(folder, { store, passphrase });
          passphrase.wipe();
          const authority = await openAuthority(face, {
            ...{ folder, store, kemKey, products, head, statements, ledger },
          });
          if (validate) {
            face.tell({ event: 'valid', products: served }, `${folder} can be served: ${names}`);
            return;
          }
          const stopPublishing = ledger && (await keepPublished(face, ledger.ledger));
          const metrics = options.metricsPort === undefined ? undefined : new Metrics();
          metrics?.watchJobs(() => store.countFewJobs());
          const onRequest = observeRequests(shell, { format: options.logFormat, metrics });
          const console = options.console ? readConsole(face) : undefined;
          const running = await serveAuthority({ authority, ...listen, tls, onRequest, console });
          const page = console && `${running.url}/console/`;
          const figures = metrics && (await serveMetrics(metrics, options.metricsPort!));
          const sender = new WebhookSender({
            authority,
            onTrouble: (problem) => say(`webhooks: ${problem}`),
          });
          sender.start();
          const stopNoting = noteHead(face, store, head);
          const stopWatching = tlsFiles && watchTlsFiles(tlsFiles, { take: running.renewTls, say });
          face.tell(
            { event: 'serving', url: running.url, products: served, metrics: figures?.url, console: page },
            `authority serves ${names} at ${running.url}`,
            ...(page ? [`  console for people at ${page}`] : []),
            ...(ledger ? [`  publishes the ledger ${ledger.origin}`] : []),
            ...(figures ? [`  figures for Prometheus at ${figures.url}`] : []),
          );
          const isWitnessed = ledger?.ledger.isAwaited === true;
          warnOfGeneration(face, { folder, headFile: options.headFile, wasThere, isWitnessed });
          await shell.stops.wait();
          stopWatching?.();
          await sender.stop();
          await running.stop();
          await figures?.stop();
          await stopNoting();
          await stopPublishing?.();
        } finally {
          passphrase.wipe();
          await ledger?.release();
          await store.close();
          issuerKey.close();
          kemKey.close();
        }
      }),
    );
