// One install through ST's or SEGGER's tool: certificate, state, license, install, state again, outcome
// (spec/sfi.md section 7). It may die at any point: the same call goes on from what the books hold, asks a
// card for no second license, or says why a person is needed. Never run against the real tools.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { Attempt, Books, Ledger, LicenseSource, StTool, UnitBook, UnitRecord } from './books.ts';
import type { Cause } from './causes.ts';
import { deliverWaiting, stated, takeCounted } from './counted.ts';
import { diagnose, wayBackText } from './diagnose.ts';
import { drawLicense } from './draw-license.ts';
import { lifeState, type SfiFamily } from './families.ts';
import { compareState, type ExpectedState, type Judgement, judge, lifecycles } from './outcome.ts';
import { answered, type ChipState, discover, hasDiscovery, readState } from './read-state.ts';
import { type InstallStep, type ToolLog, ToolLogReader } from './tool-log.ts';
import { type InstallWords, seggerWords, stWords, type ToolPort } from './tool-words.ts';

export type SfiEvent =
  | { readonly event: 'unit'; readonly unit: string; readonly productId: string }
  | { readonly event: 'step'; readonly step: DriveStep | InstallStep }
  | { readonly event: 'note'; readonly says: string };

type DriveStep = 'reading-certificate' | 'reading-state' | 'drawing-license' | 'installing' | 'reading-back';

export interface InstallInputs {
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** ST's tool: certificate, card and state always; the install too unless `segger` is there. */
  readonly tool: StTool;
  readonly segger?: StTool;
  readonly port: ToolPort;
  readonly family: SfiFamily;
  readonly image: { readonly path: string; readonly sha256: string };
  readonly files: Pick<InstallWords, 'rsse' | 'loader' | 'modules'>;
  readonly source: LicenseSource;
  readonly expected: ExpectedState;
  readonly books: Books;
  readonly quota?: number;
  /** Where an authority counts these chips too. */
  readonly ledger?: Ledger;
  readonly drawAgain: boolean;
  /** Installs a chip again that the books call installed. */
  readonly again: boolean;
  readonly onEvent: (event: SfiEvent) => void;
  /** One card answers one question at a time. */
  readonly cardTurn: <T>(act: () => Promise<T>) => Promise<T>;
}

export interface UnitResult extends Judgement {
  readonly unit: string;
  readonly productId: string;
  readonly logPath: string;
  /** Nothing was done: the books know the chip as installed. */
  readonly already: boolean;
}

const unitNameLength = 32;
const productIdLength = 8;

/** Throws `sfi-certificate-missing`, and `sfi-needs-person` for a chip that is closed. */
async function readCertificate(given: InstallInputs) {
  const { tool, segger, port, family, books, onEvent } = given;
  onEvent({ event: 'step', step: 'reading-certificate' });
  const path = books.newCertificatePath(`${port.port}-${port.serialNumber ?? 'any'}`);
  const lines: string[] = [];
  const asked = segger ?? tool;
  const words =
    segger === undefined ? stWords.certificate(port, family, path) : seggerWords.certificate(port, path);
  await asked.run(words, (line) => lines.push(line));
  const certificate = books.readCertificate(path);
  if (certificate !== undefined && certificate.length >= productIdLength) return certificate;
  await refuseClosed(given, (line) => lines.push(line));
  const said = lines.filter((line) => /Error/i.test(line)).at(-1) ?? lines.at(-1) ?? 'it printed nothing';
  throw new Fault('sfi-certificate-missing', { tool: asked.name, said });
}

/** A closed chip gives no certificate, and still tells its life cycle. Throws `sfi-needs-person`. */
async function refuseClosed(given: InstallInputs, onLine: (line: string) => void): Promise<void> {
  if (!hasDiscovery(given.family) || given.segger !== undefined) return;
  const { lifecycle } = await discover({ ...given, onLine });
  if (lifecycle === undefined) return;
  const value = lifecycles[lifecycle];
  const state = value === undefined ? undefined : lifeState(given.family, value);
  if (state === undefined || state.allows === 'everything') return;
  throw new Fault('sfi-needs-person', {
    chip: `at ${given.port.port}`,
    reason: `its life cycle is ${lifecycle}, and it gives no certificate`,
    remedy:
      `${wayBackText(state)} If an install of these books ended without an outcome, it may be this chip's: ` +
      'whether that install is whole is unknown. No license was drawn.',
  });
}

const productIdOf = (certificate: Uint8Array): string =>
  new TextDecoder('latin1').decode(certificate.subarray(0, productIdLength));

/** What a run left that died during an install. */
function interrupted(last: Attempt | undefined, expected: ExpectedState, state: ChipState): string[] {
  if (last === undefined || last.outcome !== undefined) return [];
  const { different, unread } = compareState(expected, state);
  return [
    different.length + unread.length === 0
      ? 'an earlier run ended during the install, and the chip reads as a whole install leaves it, so whether it is whole is unknown'
      : 'an earlier run ended during the install',
  ];
}

/** Before a license is drawn: the chip must be in a state from which an install can start. */
async function refuseBadStart(
  given: InstallInputs,
  { unit, last }: { unit: string; last: Attempt | undefined },
  onLine: (line: string) => void,
): Promise<void> {
  const { family, onEvent } = given;
  if (given.segger !== undefined)
    return onEvent({ event: 'note', says: "the state is not read before: SEGGER's tool has no way to" });
  onEvent({ event: 'step', step: 'reading-state' });
  const state = await readState({ ...given, onLine });
  const found = diagnose(family, state, state.logs);
  if (found.mayStart) return;
  const cause = found.causes[0];
  throw new Fault('sfi-needs-person', {
    chip: unit,
    reason: [...interrupted(last, given.expected, state), ...found.obstacles].join('; '),
    remedy: [
      found.remedy,
      ...(cause?.remedy === undefined
        ? []
        : [`Seen before: ${cause.cause}; ${cause.remedy} (${cause.source}).`]),
      'No license was drawn.',
    ].join(' '),
  });
}

async function runInstall(
  given: InstallInputs,
  words: InstallWords,
  onLine: (line: string) => void,
): Promise<ToolLog> {
  const { tool, segger, port, family, onEvent } = given;
  onEvent({ event: 'step', step: 'installing' });
  const reader = new ToolLogReader((step) => onEvent({ event: 'step', step }));
  const take = (line: string) => {
    reader.take(line);
    onLine(line);
  };
  try {
    if (segger === undefined) await tool.run(stWords.install(port, family, words), take);
    else await segger.run(seggerWords.install(port, words), take);
  } catch (error) {
    // A tool that fell silent has done something to the chip: what, the state tells.
    if (!(error instanceof Fault) || error.code !== 'st-tool-silent') throw error;
    take(`Error: ${error.message}`);
  }
  return reader.log;
}

async function readBack(
  given: InstallInputs,
  onLine: (line: string) => void,
): Promise<ChipState | undefined> {
  given.onEvent({ event: 'step', step: 'reading-back' });
  try {
    // SEGGER's tool reads nothing; ST's may reach the chip through the same probe (our reading).
    const port = given.segger === undefined ? given.port : { ...given.port, port: 'JLINK' };
    const state = await readState({ ...given, port, onLine });
    return answered(state) ? state : undefined;
  } catch (error) {
    if (error instanceof Fault && ['st-tool-silent', 'st-tool-missing'].includes(error.code))
      return undefined;
    throw error;
  }
}

function refuseBeyondQuota({ quota, books }: InstallInputs, unit: string): void {
  if (quota === undefined) return;
  const licensed = books.licensed();
  if (!licensed.has(unit) && licensed.size >= quota) throw new Fault('sfi-quota-exhausted', { quota });
}

const isDone = (record: UnitRecord): boolean => record.attempts.at(-1)?.outcome === 'DONE-UNPROVEN';

function tellProductId({ family, onEvent, source }: InstallInputs, productId: string): void {
  const { productIds, name } = family;
  if (productIds.length > 0 && !productIds.includes(productId))
    onEvent({
      event: 'note',
      says: `the certificate says ${productId}; of ${name} the public product id is ${productIds.join(', ')}`,
    });
  if (source.kind === 'card')
    onEvent({
      event: 'note',
      says: `the card must be made with a personalization file whose name begins with ${productId}`,
    });
}

async function installIn(
  given: InstallInputs,
  { unit, certificate, productId }: { unit: string; certificate: Bytes; productId: string },
  book: UnitBook,
): Promise<UnitResult> {
  const { books, image, onEvent } = given;
  const onLine = (line: string) => book.appendLog(line);
  const found: UnitRecord = book.read() ?? { productId, attempts: [] };
  const record = await deliverWaiting(given, book, found);
  const about = { unit, productId, logPath: book.logPath };
  if (isDone(record) && !given.again)
    return {
      ...about,
      outcome: 'DONE-UNPROVEN',
      reasons: record.attempts.at(-1)!.reasons ?? [],
      causes: [],
      errors: [],
      already: true,
    };
  try {
    await refuseBadStart(given, { unit, last: record.attempts.at(-1) }, onLine);
  } catch (error) {
    await tellInterrupted(given, { book, record, certificate }, error);
    throw error;
  }
  const licensed = await given.cardTurn(async () => {
    refuseBeyondQuota(given, unit);
    const counted = await takeCounted(given, { book, record, certificate });
    onEvent({ event: 'step', step: 'drawing-license' });
    return await drawLicense({ ...given, book, record: counted, image: image.sha256, onLine });
  });
  if (licensed.license!.image !== image.sha256)
    onEvent({
      event: 'note',
      says: "this chip's license was drawn for another image; it fits if both have one key",
    });
  const begun: Attempt = { startedAtMs: books.nowMs(), image: image.sha256 };
  const earlier = licensed.attempts;
  book.keep({ ...licensed, attempts: [...earlier, begun] });
  const log = await runInstall(
    given,
    {
      image: image.path,
      license: book.licensePath,
      ...given.files,
    },
    onLine,
  );
  const state = await readBack(given, onLine);
  const installedBefore = earlier.some(({ outcome }) => outcome === 'DONE-UNPROVEN');
  const judged = judge({ log, family: given.family.id, expected: given.expected, state, installedBefore });
  const ended: Attempt = {
    ...begun,
    outcome: judged.outcome,
    reasons: judged.reasons,
    causes: judged.causes.map(({ id }: Cause) => id),
  };
  const whole = { ...licensed, attempts: [...earlier, ended] };
  const { outcome } = judged;
  const told = { outcome, cause: causeOf(judged), image: image.sha256, uninterrupted: true };
  // Outcome and statement are on the disk together: a run that ends here loses neither.
  const kept = await stated(given, { record: whole, certificate }, told);
  book.keep(kept);
  await deliverWaiting(given, book, kept);
  return { ...judged, ...about, already: false };
}

/** For a log: the first cause, or that no cause is known. */
function causeOf({ outcome, causes }: Judgement): string | undefined {
  if (outcome === 'DONE-UNPROVEN') return undefined;
  return causes[0]?.id ?? (outcome === 'FAILED' ? 'sfi-install-failed' : 'sfi-outcome-unknown');
}

/** An install that an earlier run began, and whose chip lets nobody see how it ended, is UNKNOWN. */
async function tellInterrupted(
  given: InstallInputs,
  { book, record, certificate }: { book: UnitBook; record: UnitRecord; certificate: Bytes },
  error: unknown,
): Promise<void> {
  const last = record.attempts.at(-1);
  const isUntold = last !== undefined && last.outcome === undefined && record.counted !== undefined;
  if (!(error instanceof Fault) || !isUntold) return;
  const ended: Attempt = { ...last, outcome: 'UNKNOWN', reasons: [error.message] };
  const whole = { ...record, attempts: [...record.attempts.slice(0, -1), ended] };
  const told = { outcome: 'UNKNOWN', cause: error.code, image: last.image, uninterrupted: false } as const;
  const kept = await stated(given, { record: whole, certificate }, told);
  book.keep(kept);
  await deliverWaiting(given, book, kept);
}

/**
 * Installs the chip at one port. Throws `sfi-certificate-missing`, `sfi-needs-person`, `sfi-quota-exhausted`,
 * what drawLicense and the books throw, and `st-tool-missing`; nothing of it happens after the install began.
 */
export async function installUnit(given: InstallInputs): Promise<UnitResult> {
  const certificate = await readCertificate(given);
  const unit = toHex(given.crypto.sha256(certificate)).slice(0, unitNameLength);
  const productId = productIdOf(certificate);
  given.onEvent({ event: 'unit', unit, productId });
  tellProductId(given, productId);
  const book = await given.books.open(unit, certificate);
  try {
    return await installIn(given, { unit, certificate, productId }, book);
  } finally {
    await book.close();
  }
}
