// The head of the log, noted apart from the database while an authority serves.

import { keepHead, type Store } from '@firmseal/authority';
import type { headFile } from '../authority-folder.ts';
import type { Shell } from '../shell.ts';

const noteEveryMs = 5000;

/**
 * Notes the head every few seconds; a failure is told once, until it has worked again. The
 * returned function notes it a last time.
 */
export function noteHead(shell: Shell, store: Store, file: ReturnType<typeof headFile>): () => Promise<void> {
  let failed = false;
  const note = async () => {
    try {
      await keepHead(store, file);
      failed = false;
    } catch (error) {
      if (!failed) shell.err.write(`the head of the log could not be noted: ${(error as Error).message}\n`);
      failed = true;
    }
  };
  const timer = setInterval(note, noteEveryMs);
  return () => {
    clearInterval(timer);
    return note();
  };
}
