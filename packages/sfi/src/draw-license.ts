// The license of one chip: drawn first, into a file, and never a second time for the same chip. The books say
// that a card was asked before it is asked, with its counter. A run that died in between compares the
// counter: unchanged, nothing was spent; else a person has to look (spec/sfi.md section 7).

import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LicenseSource, StTool, UnitBook, UnitRecord } from './books.ts';
import { ToolLogReader } from './tool-log.ts';
import { stWords } from './tool-words.ts';

export interface ToDraw {
  readonly tool: StTool;
  readonly book: UnitBook;
  readonly record: UnitRecord;
  readonly source: LicenseSource;
  /** SHA-256 of the image. */
  readonly image: string;
  /** The owner looked at the card and takes another license. */
  readonly drawAgain: boolean;
  readonly onLine: (line: string) => void;
}

const lastWords = (lines: readonly string[]): string =>
  lines.filter((line) => /^Error/i.test(line)).at(-1) ?? lines.at(-1) ?? 'it printed nothing';

async function runFor(tool: StTool, words: readonly string[], onLine: (line: string) => void) {
  const reader = new ToolLogReader();
  await tool.run(words, (line) => {
    reader.take(line);
    onLine(line);
  });
  return reader.log;
}

/** Undefined where the card or the tool says nothing that is understood. */
async function readCounter({ tool, source, onLine }: ToDraw): Promise<number | undefined> {
  if (source.kind !== 'card') return undefined;
  return (await runFor(tool, stWords.cardCounter(source.slot), onLine)).cardCounter;
}

const mayBeLost = (reason: string): Fault => new Fault('sfi-license-may-be-lost', { reason });

/** What the card did in a run that ended between asking and keeping. Throws `sfi-license-may-be-lost`. */
async function settle(given: ToDraw, before: number | undefined): Promise<'keep-draft' | 'ask'> {
  const { book, drawAgain } = given;
  const draft = book.readDraft();
  const hasDraft = draft !== undefined && draft.length > 0;
  const now = await readCounter(given);
  if (before !== undefined && now === before) {
    book.removeDraft();
    return 'ask';
  }
  // A draft may be torn. It is tried all the same: a torn one is refused by the chip, which costs nothing.
  if (hasDraft && !drawAgain) return 'keep-draft';
  if (drawAgain) {
    book.removeDraft();
    return 'ask';
  }
  if (before === undefined || now === undefined) throw mayBeLost("the card's counter could not be read");
  throw mayBeLost(`the counter was ${before} before and is ${now} now`);
}

function keepDraft({ book, record, source, image }: ToDraw): UnitRecord {
  book.keepLicense(book.readDraft()!);
  const { drawing: _, ...rest } = record;
  const kept: UnitRecord = { ...rest, license: { source: source.kind, image } };
  book.keep(kept);
  book.removeDraft();
  return kept;
}

/** Asks the card once. Throws `sfi-license-missing`, `sfi-license-may-be-lost`. */
async function ask(given: ToDraw, slot: number): Promise<UnitRecord> {
  const { tool, book, record, onLine } = given;
  const counterBefore = await readCounter(given);
  if (counterBefore === 0) throw new Fault('sfi-license-missing', { said: "the card's counter is 0" });
  book.removeDraft();
  // A card counts down before its license is written: it must not be asked where there is no room for one.
  book.refuseFullDisk();
  const { drawing: _, ...rest } = record;
  const asked: UnitRecord = { ...rest, drawing: counterBefore === undefined ? {} : { counterBefore } };
  book.keep(asked);
  const log = await runFor(tool, stWords.license(book.certificatePath, book.draftPath, slot), onLine);
  const draft = book.readDraft();
  if (draft !== undefined && draft.length > 0) return keepDraft({ ...given, record: asked });
  const after = await readCounter(given);
  if (counterBefore !== undefined && after === counterBefore) {
    book.keep(rest);
    throw new Fault('sfi-license-missing', { said: lastWords(log.lines) });
  }
  throw mayBeLost(
    counterBefore === undefined || after === undefined
      ? "the card's counter could not be read"
      : `the counter was ${counterBefore} before and is ${after} now`,
  );
}

/**
 * The record with a license, which then stands at `book.licensePath`. Throws `sfi-license-missing`,
 * `sfi-license-may-be-lost`, and what the tool's run throws.
 */
export async function drawLicense(given: ToDraw): Promise<UnitRecord> {
  const { book, record, source, image } = given;
  const kept = book.readLicense();
  if (record.license !== undefined && kept !== undefined && kept.length > 0) {
    // A license from a card cost one unit, so it stays; a new license file replaces an older file.
    if (source.kind === 'card' || record.license.source === 'card') return record;
    if (equalBytes(kept, source.bytes)) return record;
  }
  if (source.kind !== 'card') {
    if (source.bytes.length === 0)
      throw new Fault('sfi-license-missing', { said: 'the license file is empty' });
    book.keepLicense(source.bytes);
    const { drawing: _, ...rest } = record;
    const licensed: UnitRecord = { ...rest, license: { source: source.kind, image } };
    book.keep(licensed);
    return licensed;
  }
  // The license was kept and the record not: nothing more is asked of the card.
  if (record.drawing !== undefined && (book.readLicense()?.length ?? 0) > 0) {
    const { drawing: _, ...rest } = record;
    const licensed: UnitRecord = { ...rest, license: { source: source.kind, image } };
    book.keep(licensed);
    return licensed;
  }
  if (record.drawing !== undefined && (await settle(given, record.drawing.counterBefore)) === 'keep-draft')
    return keepDraft(given);
  return await ask(given, source.slot);
}
