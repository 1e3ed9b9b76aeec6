// A journal in a text that somebody keeps: the page's own storage in the browser, or a variable.

import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { encodeJournalLine, type Journal, readJournalBytes } from '@firmseal/programmer';

export interface TextStore {
  /** Empty where nothing was written yet. */
  read(): string;
  /** Replaces the text; throws when it cannot be kept. */
  write(text: string): void;
}

/** Of an update that ended nothing is needed again: whoever starts the next one empties the store. */
export function createTextJournal(store: TextStore): Journal {
  return {
    get entries() {
      return readJournalBytes(utf8(store.read())).entries;
    },
    async append(entry) {
      try {
        store.write(store.read() + encodeJournalLine(entry));
      } catch (cause) {
        const reason = cause instanceof Error ? cause.name : 'no reason was given';
        throw new Fault('journal-write-failed', { file: 'the storage of this browser', reason }, { cause });
      }
    },
  };
}
