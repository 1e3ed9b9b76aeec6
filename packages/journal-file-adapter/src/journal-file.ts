// The journal on disk (Node): appended to, synced before append resolves, held by one process at a time.

import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile, holdFile, systemReason } from '@firmseal/files';
import { encodeJournalLine, type Journal, type JournalEntry, readJournalBytes } from '@firmseal/programmer';

export interface JournalFile extends Journal {
  /** Gives the file free for another process. */
  close(): Promise<void>;
}

/** Journals of a line that runs for years stay below it; a device without end does not. */
const journalBytesAtMost = 256 * 1024 * 1024;

/**
 * Throws `journal-in-use`, `journal-damaged`, what writeWholeFile throws, and `file-too-large`. The journal's
 * append rejects with `journal-write-failed`.
 */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const lock = await holdFile(path);
  if (!lock.held) throw new Fault('journal-in-use', { process: lock.process });
  try {
    return await openLocked(path, () => lock.release());
  } catch (error) {
    await lock.release();
    throw faultOfFile(error, path, 'written');
  }
}

async function openLocked(path: string, release: () => Promise<void>): Promise<JournalFile> {
  const file = await open(path, 'a+', 0o600);
  const found = await readSound(file, path).catch(async (error) => {
    await file.close();
    throw error;
  });
  await syncFolder(dirname(path));
  const entries: JournalEntry[] = [...found];
  let last: Promise<void> = Promise.resolve();
  let broken: unknown;
  const failed = (cause: unknown) =>
    new Fault('journal-write-failed', { file: path, reason: systemReason(cause) }, { cause });
  const write = async (entry: JournalEntry) => {
    // After a failed write the end of the file is unknown: nothing more is promised
    // until it was opened again.
    if (broken !== undefined) throw failed(broken);
    try {
      await file.appendFile(encodeJournalLine(entry));
      await file.datasync();
    } catch (cause) {
      broken = cause;
      throw failed(cause);
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
async function readSound(file: FileHandle, path: string): Promise<readonly JournalEntry[]> {
  const stat = await file.stat();
  if (!stat.isFile() || stat.size > journalBytesAtMost)
    throw new Fault('file-too-large', { file: path, mostBytes: journalBytesAtMost });
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
