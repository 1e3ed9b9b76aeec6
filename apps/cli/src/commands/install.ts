// `firmseal install`: one package on all chips in the sockets at once. The engine is @firmseal/programmer;
// here it gets its adapters (TCP links, the authority over HTTP, a journal file) and a face for its events.

import { AuthorityClient } from '@firmseal/authority-client';
import { Secret, utf8 } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { verifyDelegation } from '@firmseal/formats';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { systemClock } from '@firmseal/link';
import {
  BarScreen,
  createAuthoritySource,
  createInstallVerifier,
  exitCodeOf,
  type InstallEvent,
  readInstallPackage,
  renderJson,
  renderLines,
  runGang,
} from '@firmseal/programmer';
import { readInput, readText } from '../files.ts';
import { readPublicKey } from '../public-key-file.ts';
import { openSocket } from '../sockets.ts';

interface InstallOptions {
  job: string;
  socket: string[];
  authority: string;
  tokenFile: string;
  rootKey: string;
  deviceCaDelegation: string;
  journal: string;
  start?: boolean;
  json?: boolean;
}

/** Where events go: JSON lines, bars on a terminal, or plain lines. */
function createFace(json: boolean): { take: (event: InstallEvent) => void; finish: () => void } {
  const { stdout } = process;
  const print = (lines: readonly string[]): void => {
    for (const line of lines) stdout.write(`${line}\n`);
  };
  if (json) return { take: (event) => print([renderJson(event)]), finish: () => undefined };
  if (!stdout.isTTY) return { take: (event) => print(renderLines(event)), finish: () => undefined };
  const size = () => ({ columns: stdout.columns, rows: stdout.rows });
  const screen = new BarScreen({ write: (text) => void stdout.write(text), size }, systemClock);
  const redraw = (): void => screen.draw();
  stdout.on('resize', redraw);
  return {
    take: (event) => screen.take(event),
    finish: () => {
      stdout.off('resize', redraw);
      screen.finish();
    },
  };
}

export async function install(path: string, options: InstallOptions): Promise<number> {
  const rootPublicKey = readPublicKey(options.rootKey);
  const sealed = readInstallPackage(nodeCrypto, readInput(path), { rootPublicKey });
  const { product } = sealed.manifest.core;
  const deviceCa = verifyDelegation(nodeCrypto, readInput(options.deviceCaDelegation), {
    rootPublicKey,
    role: 'device-ca',
    product,
    epoch: sealed.epoch,
  });
  const verifyCertificate = (der: Uint8Array) =>
    verifyDeviceCertificate(nodeCrypto, der, { caPublicKey: deviceCa.publicKey, product, now: new Date() });
  const client = new AuthorityClient({
    baseUrl: options.authority,
    job: options.job,
    token: new Secret(utf8(readText(options.tokenFile))),
    clock: systemClock,
  });
  const journal = await openJournalFile(options.journal);
  const face = createFace(options.json === true);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  try {
    const results = await runGang({
      sockets: options.socket,
      sealed,
      opener: { open: openSocket },
      source: createAuthoritySource(client),
      journal,
      verifier: createInstallVerifier(nodeCrypto, { rootPublicKey, sealed, verifyCertificate }),
      clock: systemClock,
      now: () => new Date(),
      newId: () => Buffer.from(nodeCrypto.randomBytes(16)).toString('hex'),
      onEvent: (event) => face.take(event),
      signal: stop.signal,
      startApplication: options.start === true,
    });
    return exitCodeOf(results);
  } finally {
    face.finish();
    process.off('SIGINT', onSignal);
    await journal.close();
  }
}
