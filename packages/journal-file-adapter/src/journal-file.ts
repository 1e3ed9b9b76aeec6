// The journal on disk (Node): appended to, synced before append resolves, held by one process at a time.

import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '@firmseal/fault';
import { holdFile } from '@firmseal/files';
import { encodeJournalLine, type Journal, type JournalEntry, readJournalBytes } from '@firmseal/programmer';

export interface JournalFile extends Journal {
  /** Gives the file free for another process. */
  close(): Promise<void>;
}

/** Throws `journal-in-use`, `journal-damaged` or `journal-write-failed`. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const lock = await holdFile(path).catch((cause: unknown) => {
    throw new Fault('journal-write-failed', {}, { cause });
  });
  if (!lock.held) throw new Fault('journal-in-use', { process: lock.process });
  try {
    return await openLocked(path, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error instanceof Fault ? error : new Fault('journal-write-failed', {}, { cause: error });
  }
}

async function openLocked(path: string, release: () => Promise<void>): Promise<JournalFile> {
  const file = await open(path, 'a+', 0o600);
  const found = await readSound(file).catch(async (error) => {
    await file.close();
    throw error;
  });
  await syncFolder(dirname(path));
  const entries: JournalEntry[] = [...found];
  let last: Promise<void> = Promise.resolve();
  let broken: unknown;
  const write = async (entry: JournalEntry) => {
    // After a failed write the end of the file is unknown: nothing more is promised
    // until it was opened again.
    if (broken !== undefined) throw new Fault('journal-write-failed', {}, { cause: broken });
    try {
      await file.appendFile(encodeJournalLine(entry));
      await file.datasync();
    } catch (cause) {
      broken = cause;
      throw new Fault('journal-write-failed', {}, { cause });
    }
    entries.push(entry);
  };
  return {
    entries,
    append(entry) {
      const written = last.then(() => write(entry));
      last = written.catch(() => undefined);
      return written;
    },
    async close() {
      await last;
      await file.close();
      await release();
    },
  };
}

/** The entries; a torn last line is cut off, since the next entry must begin a line of its own. */
async function readSound(file: FileHandle): Promise<readonly JournalEntry[]> {
  const { entries, soundBytes } = readJournalBytes(await file.readFile());
  await file.truncate(soundBytes);
  await file.sync();
  return entries;
}

/** A new file's name is durable only once its folder is synced; systems without that are left alone. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
