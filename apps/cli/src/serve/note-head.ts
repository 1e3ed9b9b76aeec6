// The head of the log, noted apart from the database while an authority serves.

import { keepHead, type Store } from '@firmseal/authority';
import type { headFile } from '../authority-folder.ts';
import type { Face } from '../face.ts';

const noteEveryMs = 5000;

/**
 * Notes the head every few seconds; a failure is told once, until it has worked again. The
 * returned function notes it a last time.
 */
export function noteHead(face: Face, store: Store, file: ReturnType<typeof headFile>): () => Promise<void> {
  let failed = false;
  const note = async () => {
    try {
      await keepHead(store, file);
      failed = false;
    } catch (error) {
      if (!failed) face.note(`the head of the log could not be noted: ${(error as Error).message}`);
      failed = true;
    }
  };
  const timer = setInterval(note, noteEveryMs);
  return () => {
    clearInterval(timer);
    return note();
  };
}
