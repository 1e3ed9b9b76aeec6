// `firmseal install`: one package on all chips in the sockets at once. The engine is @firmseal/programmer;
// here it gets its adapters (links, the authority over HTTP, a journal file) and a face for its events.

import { Command, Option } from '@commander-js/extra-typings';
import { type Bytes, toHex } from '@firmseal/bytes';
import { faultLabel } from '@firmseal/fault';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { exitCodeOf, type InstallResult, runGang } from '@firmseal/programmer';
import { jobId } from '../authority-access.ts';
import { setUpBatch } from '../batch/set-up-batch.ts';
import type { Face } from '../face.ts';
import { createInstallFace } from '../install-face.ts';
import { setUpLine, type TrustOptions } from '../line-setup.ts';
import { authorityOption, examples, rootKeyOption, stationsOption, tokenOption } from '../options.ts';
import { openReceiptFolder } from '../receipt-folder.ts';
import { type Stations, withStations } from '../remote/stations.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { collectSockets } from '../sockets.ts';

type FailedInstall = Extract<InstallResult, { outcome: 'fail' }>;

/** Standard error says why each socket failed, whatever shows the progress. */
function tellFailure(face: Face, { socketNumber, socket, fault }: FailedInstall): void {
  const { code, message, remedy } = fault;
  face.note(`[${socketNumber}] ${socket}: ${faultLabel(code)} ${code}: ${message}`);
  face.note(`  What to do: ${remedy}`);
}

interface Access extends TrustOptions {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly job?: Bytes | undefined;
  readonly batch?: string | undefined;
  readonly outbox: string;
  readonly stations: Stations;
  readonly refuse: (text: string) => never;
}

/** With the authority, or with a batch in its place. */
function setUpInstall(face: Face, path: string, options: Access) {
  const { authority, tokenFile, job, batch, outbox, refuse } = options;
  if (batch !== undefined) return setUpBatch(path, { ...options, batch, outbox });
  if (authority === undefined) return refuse("required option '--authority <url>' not specified");
  if (tokenFile === undefined) return refuse("required option '--token-file <file>' not specified");
  if (job === undefined) return refuse("required option '--job <job>' not specified");
  return setUpLine(face, path, { ...options, authority, tokenFile, job });
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .addOption(authorityOption().makeOptionMandatory(false))
    .addOption(tokenOption().makeOptionMandatory(false))
    .option('--job <job>', 'the job', jobId)
    .addOption(
      new Option(
        '--batch <file>',
        'batch of licenses, in place of --authority, --token-file and --job',
      ).conflicts(['authority', 'tokenFile', 'job']),
    )
    .option(
      '--outbox <folder>',
      'with --batch: where receipts wait for `firmseal batch deliver`',
      'firmseal-outbox',
    )
    .requiredOption(
      '--socket <place>',
      'a chip: serial:, usb:, tcp:, or station:NAME/ and one of these (repeat)',
      collectSockets,
    )
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .addOption(stationsOption())
    .option('--start', 'boot the application when its receipt is stored')
    .option('--receipts <folder>', 'keep a receipt file of each install, for `firmseal verify receipt`')
    .option(
      '--journal <file>',
      'file that keeps the progress; give it again after a crash to continue',
      'firmseal-line.jsonl',
    )
    .addHelpText(
      'after',
      examples(
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token \\\n' +
          '      --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --socket serial:/dev/ttyACM0 --socket usb:1-4.2 --socket tcp:127.0.0.1:5001',
        'install panel.seal --batch panel.batch --root-key root.key.pub \\\n' +
          '      --device-ca-delegation ca.delegation --socket serial:/dev/ttyACM0 --outbox outbox',
      ),
    )
    .action(
      runs(shell, async (face, path, options, command) => {
        const given = { stations: options.stations, places: options.socket };
        return withStations(face, given, async (stations) => {
          const refuse = (text: string) => command.error(text);
          const { delegation, ...line } = setUpInstall(face, path, { ...options, stations, refuse });
          const receipts = openReceiptFolder(options.receipts, delegation);
          const journal = await openJournalFile(options.journal);
          const shown = createInstallFace(face);
          const stop = new AbortController();
          const giveBack = shell.stops.take(() => stop.abort());
          try {
            const results = await runGang({
              ...{ ...line, sockets: options.socket, journal },
              keepProof: ({ thumbprint, ...objects }) =>
                receipts?.keep(toHex(thumbprint), {
                  ...{ ...objects, header: line.sealed.headerBytes },
                  keptAtSeconds: Math.floor(Date.now() / 1000),
                }),
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
        });
      }),
    );
