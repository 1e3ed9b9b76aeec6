// The journal of an update in the browser's storage for this page: what is left of it tells, after the tab
// was closed, that an update had begun.

import type { Journal } from '@firmseal/programmer';
import { createTextJournal } from '@firmseal/updater';

export interface StoredJournal {
  readonly journal: Journal;
  clear(): void;
}

/** One for each package. Where the browser keeps nothing, the journal lives as long as the page. */
export function openStoredJournal(manifestDigest: string): StoredJournal {
  const key = `firmseal-update ${manifestDigest}`;
  let text = '';
  try {
    text = localStorage.getItem(key) ?? '';
  } catch {
    // Blocked: an interrupted update is still continued by the device and its license.
  }
  const keep = () => {
    try {
      if (text === '') localStorage.removeItem(key);
      else localStorage.setItem(key, text);
    } catch {
      // As above.
    }
  };
  const store = {
    read: () => text,
    write(next: string) {
      text = next;
      keep();
    },
  };
  const journal = createTextJournal(store);
  const clear = () => store.write('');
  try {
    void journal.entries;
  } catch {
    // Another program wrote there: nothing of it can be used.
    clear();
  }
  return { journal, clear };
}
