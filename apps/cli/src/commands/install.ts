// `firmseal install`: one package on all chips in the sockets at once. The engine is @firmseal/programmer;
// here it gets its adapters (links, the authority over HTTP, a journal file) and a face for its events.

import { Command, Option } from '@commander-js/extra-typings';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault, faultLabel } from '@firmseal/fault';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { exitCodeOf, type InstallResult, runGang } from '@firmseal/programmer';
import { jobId } from '../authority-access.ts';
import { setUpBatch } from '../batch/set-up-batch.ts';
import { chipOption } from '../chip-option.ts';
import type { Face } from '../face.ts';
import { tellFewUnits } from '../few-units-left.ts';
import { createInstallFace } from '../install-face.ts';
import {
  leastWitnessesOption,
  logKeyOption,
  type TrustFiles,
  witnessKeyOption,
} from '../ledger/note-keys.ts';
import { setUpLine, type TrustOptions } from '../line-setup.ts';
import {
  authorityOption,
  examples,
  passphraseOption,
  rootKeyOption,
  stationsOption,
  tokenOption,
} from '../options.ts';
import { openReceiptFolder } from '../receipt-folder.ts';
import { type Stations, withStations } from '../remote/stations.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { neverTriedOption } from '../silicon/tried.ts';
import { collectSockets } from '../sockets.ts';
import { collectUnprovenWays, installUnproven } from '../unproven/install-unproven.ts';

type FailedInstall = Extract<InstallResult, { outcome: 'fail' }>;

/** Standard error says why each socket failed, whatever shows the progress. */
function tellFailure(face: Face, { socketNumber, socket, fault }: FailedInstall): void {
  const { code, message, remedy } = fault;
  face.note(`[${socketNumber}] ${socket}: ${faultLabel(code)} ${code}: ${message}`);
  face.note(`  What to do: ${remedy}`);
}

interface Access {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly job?: Bytes | undefined;
}

/** As the command line says it of an option that it cannot do without. */
function required<T>(value: T | undefined, option: string): T {
  if (value !== undefined) return value;
  const detail = `required option '${option}' not specified`;
  throw new Fault('command-line-invalid', { command: 'firmseal install', detail });
}

const accessOf = ({ authority, tokenFile, job }: Access) => ({
  authority: required(authority, '--authority <url>'),
  tokenFile: required(tokenFile, '--token-file <file>'),
  job: required(job, '--job <job>'),
});

interface InstallAccess extends Access, TrustOptions, TrustFiles {
  readonly batch?: string | undefined;
  readonly outbox: string;
  readonly stations: Stations;
}

/** With the authority, or with a batch in its place. */
function setUpInstall(face: Face, path: string, options: InstallAccess) {
  const { batch } = options;
  if (batch !== undefined) return setUpBatch(path, { ...options, batch });
  return setUpLine(face, path, { ...options, ...accessOf(options) });
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
    .option(
      '--socket <place>',
      'a chip: serial:, usb:, tcp:, or station:NAME/ and one of these (repeat)',
      collectSockets,
    )
    .addOption(rootKeyOption())
    .option('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .addOption(stationsOption())
    .addOption(logKeyOption())
    .addOption(witnessKeyOption())
    .addOption(leastWitnessesOption())
    .option('--start', 'boot the application when its receipt is stored')
    .option('--receipts <folder>', 'keep a receipt file of each install, for `firmseal verify receipt`')
    .option(
      '--journal <file>',
      'file that keeps the progress; give it again after a crash to continue',
      'firmseal-line.jsonl',
    )
    .option(
      '--unproven',
      'write chips without agent from this machine, which opens the firmware: DONE-UNPROVEN, never PASS',
    )
    .option(
      '--via <place>',
      'with --unproven, a chip: serial:, usb:, tcp:, probe:, openocd: or virtual: (repeat)',
      collectUnprovenWays,
    )
    .addOption(chipOption().makeOptionMandatory(false))
    .option('--station-key <file>', "with --unproven: the station's key")
    .option('--station-delegation <file>', "with --unproven: the root's delegation of the station")
    .addOption(passphraseOption('the station key'))
    .option('--confirm-permanent', 'with --unproven: set protection that can never be taken back')
    .addOption(neverTriedOption())
    .addHelpText(
      'after',
      examples(
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token \\\n' +
          '      --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --socket serial:/dev/ttyACM0 --socket usb:1-4.2 --socket tcp:127.0.0.1:5001',
        'install panel.seal --batch panel.batch --root-key root.key.pub \\\n' +
          '      --device-ca-delegation ca.delegation --socket serial:/dev/ttyACM0 --outbox outbox',
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token \\\n' +
          '      --root-key root.key.pub --unproven --chip stm32g0b1 --via serial:/dev/ttyACM0 \\\n' +
          '      --station-key station.key --station-delegation station.delegation',
      ),
    )
    .action(
      runs(shell, async (face, path, options) => {
        if (options.unproven === true || options.via !== undefined)
          return installUnproven(face, path, { ...options, ...accessOf(options) });
        const sockets = required(options.socket, '--socket <place>');
        const deviceCaDelegation = required(options.deviceCaDelegation, '--device-ca-delegation <file>');
        const given = { stations: options.stations, places: sockets };
        return withStations(face, given, async (stations) => {
          const access = { ...options, deviceCaDelegation, stations };
          const { delegation, ...installed } = setUpInstall(face, path, access);
          const { client, ...line } = { client: undefined, ...installed };
          const receipts = openReceiptFolder(options.receipts, delegation);
          const journal = await openJournalFile(options.journal);
          const shown = createInstallFace(face);
          const stop = new AbortController();
          const giveBack = shell.stops.take(() => stop.abort());
          try {
            const results = await runGang({
              ...{ ...line, sockets, journal },
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
            if (client !== undefined && results.some(({ outcome }) => outcome !== 'fail')) {
              shown.finish();
              await tellFewUnits(face, client);
            }
            return exitCodeOf(results);
          } finally {
            shown.finish();
            giveBack();
            await journal.close();
          }
        });
      }),
    );
