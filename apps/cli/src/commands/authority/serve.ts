// `firmseal authority serve`: the HTTP interface of an authority until it is asked to stop,
// in a process without keys, and the signer beside it. Over TLS where it is given a
// certificate, else on this machine only.

import { Command, Option } from '@commander-js/extra-typings';
import {
  checkHead,
  createAuthority,
  createRemoteSigner,
  type IssuingSigner,
  Metrics,
  type OpenedSigner,
  type ProductKeys,
  requireSameProducts,
  type Store,
  serveAuthority,
  serveMetrics,
} from '@firmseal/authority';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { authorityPaths, headFile, openAuthorityStore, readProducts } from '../../authority-folder.ts';
import type { Face } from '../../face.ts';
import { readInput } from '../../files.ts';
import { collect, examples, listenOption, passphraseOption, port } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { readConsole } from '../../serve/console-files.ts';
import { openFolderSigner } from '../../serve/folder-signer.ts';
import { noteHead } from '../../serve/note-head.ts';
import { logFormats, observeRequests } from '../../serve/observe-requests.ts';
import { keepPublished, type OpenedLedger, openLedger } from '../../serve/publish-ledger.ts';
import { supervise } from '../../serve/supervise.ts';
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

interface HttpSigner extends IssuingSigner, Pick<OpenedSigner, 'describe' | 'signCheckpoint'> {
  end(): Promise<void>;
}

/** In another process, which has the keys; or in this one, as tests do it. */
async function openHttpSigner(
  face: Face,
  folder: string,
  { socket, passphraseFile }: { socket: string | undefined; passphraseFile: string | undefined },
): Promise<HttpSigner> {
  if (socket !== undefined) {
    const remote = createRemoteSigner({ path: socket });
    return { ...remote, end: async () => remote.close() };
  }
  const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
  const opened = await openFolderSigner(face, folder, passphrase).finally(() => passphrase.wipe());
  return { ...opened, end: () => opened.close() };
}

/** The authority on its store, after the head of its log was looked at. */
async function openAuthority(
  face: Face,
  {
    folder,
    store,
    signer,
    products,
    head,
    statements,
    ledger,
  }: {
    folder: string;
    store: Store;
    signer: IssuingSigner;
    products: readonly ProductKeys[];
    head: ReturnType<typeof headFile>;
    statements: readonly Bytes[];
    ledger: OpenedLedger | undefined;
  },
) {
  const authority = await createAuthority({
    ...{ store, crypto: nodeCrypto, signer, products },
    ...(ledger ? { ledger: ledger.ledger } : {}),
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
    .option('--signer <socket>', 'ask the signer that runs there (`authority signer`), and start none')
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
        const { listen, passphraseFile, acceptRestore = [], validate = false, signer: socket } = options;
        const { again } = shell;
        if (socket === undefined && again !== undefined) {
          const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
          return supervise(face, { again, folder, passphrase });
        }
        const paths = authorityPaths(folder);
        const statements = acceptRestore.map((path) => readInput(path));
        const head = headFile(options.headFile ?? paths.head);
        const tlsFiles = tlsFilesOf(options);
        const tls = tlsFiles === undefined ? undefined : readTlsFiles(face, tlsFiles);
        const signer = await openHttpSigner(face, folder, { socket, passphraseFile });
        const say = (line: string) => face.note(line);
        let store: Store | undefined;
        let ledger: OpenedLedger | undefined;
        try {
          const { products, ignored } = readProducts(folder);
          for (const name of ignored) say(`${paths.products}: ${name} is no product and is ignored`);
          const served = products.map(({ product }) => product);
          const names = served.join(', ') || 'no product yet';
          store = await openAuthorityStore(folder);
          requireSameProducts(nodeCrypto, products, await signer.describe());
          const wasThere = head.read() !== undefined;
          ledger = await openLedger(folder, { store, signer });
          const authority = await openAuthority(face, {
            ...{ folder, store, signer, products, head, statements, ledger },
          });
          if (validate) {
            face.tell({ event: 'valid', products: served }, `${folder} can be served: ${names}`);
            return undefined;
          }
          const stopPublishing = ledger && (await keepPublished(face, ledger.ledger));
          const metrics = options.metricsPort === undefined ? undefined : new Metrics();
          const onRequest = observeRequests(shell, { format: options.logFormat, metrics });
          const console = options.console ? readConsole(face) : undefined;
          const running = await serveAuthority({ authority, ...listen, tls, onRequest, console });
          const page = console && `${running.url}/console/`;
          const figures = metrics && (await serveMetrics(metrics, options.metricsPort!));
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
          await running.stop();
          await figures?.stop();
          await stopNoting();
          await stopPublishing?.();
          return undefined;
        } finally {
          await ledger?.release();
          await store?.close();
          await signer.end();
        }
      }),
    );
