// `firmseal install`: one package on all chips in the sockets at once. The engine is @firmseal/programmer;
// here it gets its adapters (links, the authority over HTTP, a journal file) and a face for its events.

import { Command } from '@commander-js/extra-typings';
import { AuthorityClient } from '@firmseal/authority-client';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { faultLabel } from '@firmseal/fault';
import { verifyDelegation } from '@firmseal/formats';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { systemClock } from '@firmseal/link';
import {
  createAuthoritySource,
  createInstallVerifier,
  exitCodeOf,
  type InstallResult,
  readInstallPackage,
  runGang,
} from '@firmseal/programmer';
import type { Face } from '../face.ts';
import { readInput } from '../files.ts';
import { createInstallFace } from '../install-face.ts';
import { authorityOption, collect, examples, jobId, rootKeyOption, tokenOption } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import { readToken } from '../secret-files.ts';
import type { Shell } from '../shell.ts';
import { linkOf } from '../sockets.ts';

/** Standard error says why each socket failed, whatever shows the progress. */
function tellFailure({ shell }: Face, { socketNumber, socket, fault }: FailedInstall): void {
  const { code, message, remedy } = fault;
  shell.err.write(`[${socketNumber}] ${socket}: ${faultLabel(code)} ${code}: ${message}\n`);
  shell.err.write(`  What to do: ${remedy}\n`);
}

type FailedInstall = Extract<InstallResult, { outcome: 'fail' }>;

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--job <job>', 'id of the job', jobId)
    .requiredOption('--socket <address>', 'tcp:HOST:PORT (repeat)', collect)
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .option('--start', 'boot the application when its receipt is stored')
    .option(
      '--journal <file>',
      'progress that survives a crash; give the same file again to go on',
      'firmseal-line.jsonl',
    )
    .addHelpText(
      'after',
      examples(
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token \\\n' +
          '      --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --socket tcp:127.0.0.1:5001 --socket tcp:127.0.0.1:5002',
      ),
    )
    .action(
      runs(shell, async (face, path, options) => {
        const links = new Map(options.socket.map((socket) => [socket, linkOf(socket)]));
        const rootPublicKey = readPublicKey(options.rootKey);
        const sealed = readInstallPackage(nodeCrypto, readInput(path), { rootPublicKey });
        const { product } = sealed.manifest.core;
        const deviceCa = verifyDelegation(nodeCrypto, readInput(options.deviceCaDelegation), {
          ...{ rootPublicKey, role: 'device-ca', product, epoch: sealed.epoch },
        });
        const verifyCertificate = (der: Uint8Array) =>
          verifyDeviceCertificate(nodeCrypto, der, {
            ...{ caPublicKey: deviceCa.publicKey, product, now: new Date() },
          });
        const client = new AuthorityClient({
          baseUrl: options.authority,
          job: options.job,
          token: readToken(face, options.tokenFile),
          clock: systemClock,
        });
        const journal = await openJournalFile(options.journal);
        const shown = createInstallFace(face);
        const stop = new AbortController();
        const giveBack = shell.stops.take(() => stop.abort());
        try {
          const results = await runGang({
            sockets: options.socket,
            sealed,
            opener: { open: (socket) => links.get(socket)!() },
            source: createAuthoritySource(client),
            journal,
            verifier: createInstallVerifier(nodeCrypto, { rootPublicKey, sealed, verifyCertificate }),
            clock: systemClock,
            now: () => new Date(),
            newId: () => Buffer.from(nodeCrypto.randomBytes(16)).toString('hex'),
            onEvent: shown.take,
            signal: stop.signal,
            startApplication: options.start === true,
          });
          for (const result of results) if (result.outcome === 'fail') tellFailure(face, result);
          return exitCodeOf(results);
        } finally {
          shown.finish();
          giveBack();
          await journal.close();
        }
      }),
    );
