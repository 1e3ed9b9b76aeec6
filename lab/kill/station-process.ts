// The programmer as a process of its own: the same composition as `firmseal install`, with a wire around
// journal, links and HTTP calls that kills the process where the campaign says. Argument: a folder with the
// station's files. Started again with the same one after a kill. Prints its events as JSON lines.

import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { AuthorityClient, accessForJob } from '@firmseal/authority-client';
import { fromHex, Secret, utf8 } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { verifyAuthority } from '@firmseal/formats';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { systemClock } from '@firmseal/link';
import {
  createInstallVerifier,
  exitCodeOf,
  type Journal,
  readInstallPackage,
  renderJson,
  runGang,
} from '@firmseal/programmer';
import { connectTcp } from '@firmseal/tcp-adapter';
import type { StationFile } from './station-file.ts';
import { TripWire } from './trip-wire.ts';
import { wireStream } from './wire-stream.ts';

const [folder] = process.argv.slice(2) as [string];
const readFile = (name: string) => Uint8Array.from(readFileSync(join(folder, name)));
const station = JSON.parse(new TextDecoder().decode(readFile('station.json'))) as StationFile;
const wire = new TripWire();

const wireFetch: typeof fetch = (input, init) =>
  wire.around(`call/${String(input).split('/').at(-1)}`, () => fetch(input, init));

const wireJournal = (inner: Journal): Journal => ({
  entries: inner.entries,
  append: (entry) => wire.around(`journal/${entry.kind}`, () => inner.append(entry)),
});

const rootPublicKey = readFile('root.pub');
const sealed = readInstallPackage(nodeCrypto, readFile('package.seal'), { rootPublicKey });
const { product } = sealed.manifest.core;
const { delegate: deviceCa } = verifyAuthority(
  nodeCrypto,
  { delegation: readFile('device-ca.delegation') },
  { ...sealed.trust, role: 'device-ca' },
);
const client = new AuthorityClient({
  address: station.authority,
  token: new Secret(utf8(station.token)),
  clock: systemClock,
  fetch: wireFetch,
  // Shorter pauses and more of them than the product's own: the authority is back soon, on
  // a busy machine not so soon.
  pauseMs: 150,
  attempts: 8,
});
const journal = await openJournalFile(join(folder, 'journal.jsonl'));
const results = await runGang({
  sockets: station.sockets,
  sealed,
  opener: {
    open: async (socket) => wireStream(await connectTcp('127.0.0.1', Number(socket.split(':').at(-1))), wire),
  },
  authority: accessForJob(client, fromHex(station.job)),
  journal: wireJournal(journal),
  verifier: createInstallVerifier(nodeCrypto, {
    sealed,
    verifyCertificate: (der) =>
      verifyDeviceCertificate(nodeCrypto, der, {
        ...{ caPublicKeys: [deviceCa.publicKey], product, now: new Date() },
      }),
  }),
  clock: systemClock,
  now: () => new Date(),
  newId: () => Buffer.from(nodeCrypto.randomBytes(16)).toString('hex'),
  onEvent: (event) => process.stdout.write(`${renderJson(event)}\n`),
  startApplication: true,
});
await journal.close();
flushCompileCache();
process.exitCode = exitCodeOf(results);
