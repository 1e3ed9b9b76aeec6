// One line of the journal: an entry as JSON with a CRC-32 over its text, so that a torn or damaged
// line is recognized. Only the last line can be torn by a power cut; it was not synced, so
// nothing was done on its strength.

import { crc32, toHex, u32be, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { JournalEntry } from './journal.ts';

const checkOf = (text: string) => toHex(u32be(crc32(utf8(text))));

/** The line with its line feed. */
export function encodeJournalLine(entry: JournalEntry): string {
  const text = JSON.stringify(entry);
  return `{"check":"${checkOf(text)}","entry":${text}}\n`;
}

const lineForm = /^\{"check":"([0-9a-f]{8})","entry":(\{.*\})\}$/;

function decodeJournalLine(line: string): JournalEntry | undefined {
  const [, check, text] = lineForm.exec(line) ?? [];
  if (check === undefined || text === undefined || checkOf(text) !== check) return undefined;
  // Whoever wrote the check wrote the entry: the form of the entry is that of this program's version.
  return JSON.parse(text) as JournalEntry;
}

export interface ReadJournal {
  readonly entries: readonly JournalEntry[];
  /** Length in bytes of the whole lines; what follows is a torn line to be cut off. */
  readonly soundBytes: number;
}

/** The entries of a journal's bytes. Throws `journal-damaged` for a bad line that is not the last. */
export function readJournalBytes(bytes: Uint8Array): ReadJournal {
  const entries: JournalEntry[] = [];
  let from = 0;
  for (let line = 1; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    const entry =
      end === -1 ? undefined : decodeJournalLine(new TextDecoder().decode(bytes.subarray(from, to)));
    if (entry === undefined) {
      const isLast = end === -1 || end === bytes.length - 1;
      if (!isLast) throw new Fault('journal-damaged', { line });
      break;
    }
    entries.push(entry);
    from = to + 1;
  }
  return { entries, soundBytes: from };
}
