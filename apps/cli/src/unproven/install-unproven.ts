// `firmseal install --unproven`: chips without agent, which this machine writes itself. What is not promised
// is said before anything is done (spec/station.md).

import { demandStationProofs, stationAccessForJob } from '@firmseal/authority-client';
import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type ExitCode, exitCodes, Fault, faultLabel } from '@firmseal/fault';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { parsePlace, placeText } from '@firmseal/places';
import {
  exitCodeOfFault,
  readInstallPackage,
  runUnproven,
  type UnprovenEvent,
  type UnprovenResult,
} from '@firmseal/programmer';
import { checkForStation, stationProtection } from '@firmseal/station';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { readInput } from '../files.ts';
import { flashLines } from '../flash/with-programmer.ts';
import { readLedgerTrust, type TrustFiles } from '../ledger/note-keys.ts';
import { stationTools } from '../line-setup.ts';
import { openProgrammer } from '../programmer-place.ts';
import { readPublicKey } from '../public-key-file.ts';
import { requireTried, type TriedOptions } from '../silicon/tried.ts';
import { openStatementFolder } from '../statement-folder.ts';
import { withStation } from './station-key.ts';

export interface UnprovenOptions extends TriedOptions, TrustFiles {
  readonly unproven?: true | undefined;
  readonly via?: readonly string[] | undefined;
  readonly chip?: string | undefined;
  readonly stationKey?: string | undefined;
  readonly stationDelegation?: string | undefined;
  readonly passphraseFile?: string | undefined;
  readonly confirmPermanent?: true | undefined;
  readonly authority: string;
  readonly tokenFile: string;
  readonly job: Bytes;
  readonly rootKey: string;
  readonly journal: string;
  readonly receipts?: string | undefined;
}

/**
 * The next value of `--via`: its canonical text. Throws `station-place-remote`, `place-*`, `socket-repeated`.
 */
export function collectUnprovenWays(text: string, before: readonly string[] = []): string[] {
  const place = parsePlace(text);
  if (place.kind === 'station') throw new Fault('station-place-remote', { place: placeText(place) });
  if (place.kind === 'written')
    throw new Fault('place-unfit', {
      ...{ option: '--via', place: text, reason: 'there is no chip at it' },
      expected: 'serial:, usb:, tcp:, probe:, openocd: or virtual:',
    });
  const canonical = placeText(place);
  if (before.includes(canonical)) throw new Fault('socket-repeated', { socket: canonical });
  return [...before, canonical];
}

function given<T>(value: T | undefined, option: string, purpose: string): T {
  if (value === undefined) throw new Fault('station-option-missing', { option, purpose });
  return value;
}

const purpose = 'write chips without agent';

const plainWords = [
  'These chips have no agent: this machine opens the firmware and writes it in clear.',
  'Not promised: that the firmware stays secret from whoever runs this machine, or that it is written on no',
  'more chips than are counted. A blank chip cannot be told from an emulator.',
  'Promised: the package is authentic, each unit is counted and logged, what was written is read back, and',
  'the protection that the package asks for is set at the end. The outcome is DONE-UNPROVEN, never PASS.',
];

function linesOf(event: UnprovenEvent): string[] {
  switch (event.kind) {
    case 'licensed':
      return [`unit ${event.unit}${event.newUnit ? '' : ', which this chip had before'}`];
    case 'resumed':
      return [`unit ${event.unit}: an earlier run wrote this chip; what was left is done now`];
    case 'flash':
      return flashLines(event.step);
    case 'written':
      return ['all of the package was read back'];
    case 'protected':
      return [
        event.access === 'silent'
          ? 'protection set; the chip answers no more'
          : `protection set; memory ${event.access === 'open' ? 'can be read' : 'refuses to be read'}` +
            (event.readoutLevel === null ? '' : `, readout level ${event.readoutLevel}`),
      ];
    case 'waiting':
      return [`an earlier statement still waits for the authority: ${event.fault.code}`];
    case 'delivered':
      return [`the authority keeps the statement: ${event.result}`];
    case 'result':
      return [event.outcome === 'unproven' ? 'DONE-UNPROVEN' : `FAIL ${event.fault.code}`];
  }
}

/** Of a stage that makes progress only its end is told. */
const isTold = (event: UnprovenEvent): boolean =>
  event.kind !== 'flash' || event.step.event !== 'progress' || event.step.done === event.step.total;

function tell(face: Face, event: UnprovenEvent): void {
  if (!isTold(event)) return;
  const { kind, place, placeNumber } = event;
  const { event: _, ...step } = event.kind === 'flash' ? event.step : { event: undefined };
  const record = kind === 'flash' ? { ...event, step: { step: event.step.event, ...step } } : event;
  face.tell(
    { event: kind, ...record },
    ...linesOf(event).map((line) => `[${placeNumber}] ${place}: ${line}`),
  );
}

function exitCodeOf(results: readonly UnprovenResult[]): ExitCode {
  const codes = results.map((one) =>
    one.outcome === 'unproven' ? exitCodes.unproven : exitCodeOfFault(one.fault),
  );
  return codes.every((code) => code === codes[0]) ? codes[0]! : exitCodes.mixed;
}

/** The exit code: that of DONE-UNPROVEN where every chip ended so. Throws what stops it before the chips. */
export async function installUnproven(face: Face, path: string, options: UnprovenOptions): Promise<ExitCode> {
  if (options.unproven !== true) throw new Fault('unproven-unconfirmed');
  const places = given(options.via, '--via', purpose);
  const chip = findChip(given(options.chip, '--chip', purpose));
  const stationKey = given(options.stationKey, '--station-key', purpose);
  const stationDelegation = given(options.stationDelegation, '--station-delegation', purpose);
  const file = readInput(path);
  const rootPublicKey = readPublicKey(options.rootKey);
  const sealed = readInstallPackage(nodeCrypto, file, { rootPublicKey });
  const { manifest, trust } = sealed;
  checkForStation(manifest, chip);
  if (stationProtection(chip, manifest.core) === 2)
    requireTried(chip, { ways: places, agentSha256: undefined }, options);
  const { job } = options;
  const access = stationAccessForJob(accessAuthority(face, options), job);
  const ledger = readLedgerTrust(options);
  const authority =
    ledger === undefined ? access : demandStationProofs(access, { crypto: nodeCrypto, job, trust: ledger });
  const statements = openStatementFolder(options.receipts);
  const { passphraseFile } = options;
  const files = { stationKey, stationDelegation, passphraseFile };
  return withStation(face, { files, trust }, async (station) => {
    for (const line of plainWords) face.note(line);
    const journal = await openJournalFile(options.journal);
    const stop = new AbortController();
    const giveBack = face.shell.stops.take(() => stop.abort());
    try {
      const { now, newId } = stationTools();
      const settings = {
        ...{ crypto: nodeCrypto, chip, jobId: options.job, sealed, file, station, authority, journal },
        ...{ now, newId, confirmPermanent: options.confirmPermanent === true, signal: stop.signal },
        openProgrammer: (place: string) => openProgrammer(place, chip),
        onEvent: (event: UnprovenEvent) => tell(face, event),
        ...(statements ? { keepStatement: statements.keep } : {}),
      };
      const results = await runUnproven(settings, places);
      for (const result of results) {
        if (result.outcome !== 'fail') continue;
        const { fault, place, placeNumber } = result;
        const { code, message, remedy } = fault;
        face.note(`[${placeNumber}] ${place}: ${faultLabel(code)} ${code}: ${message}`);
        face.note(`  What to do: ${remedy}`);
      }
      return exitCodeOf(results);
    } finally {
      giveBack();
      await journal.close();
    }
  });
}
