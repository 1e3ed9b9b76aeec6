// The journal on disk (Node): appended to, synced before append resolves, held by one process at a time through a
// lock file that names it: its number and, where the system tells, when it started. A lock whose process is gone is
// taken over, also when another process has its number by now.

import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '@firmseal/fault';
import { encodeJournalLine, type Journal, type JournalEntry, readJournalBytes } from '@firmseal/programmer';
import { markOfProcess } from './process-mark.ts';

export interface JournalFile extends Journal {
  /** Gives the file free for another process. */
  close(): Promise<void>;
}

/** Throws `journal-in-use`, `journal-damaged` or `journal-write-failed`. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const lockPath = `${path}.lock`;
  await takeLock(lockPath);
  try {
    return await openLocked(path, lockPath);
  } catch (error) {
    await rm(lockPath, { force: true });
    throw error instanceof Fault ? error : new Fault('journal-write-failed', {}, { cause: error });
  }
}

async function openLocked(path: string, lockPath: string): Promise<JournalFile> {
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
    // After a failed write the end of the file is unknown: nothing more is promised until it was opened anew.
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
      await rm(lockPath, { force: true });
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

async function takeLock(lockPath: string): Promise<void> {
  const mark = await markOfProcess(process.pid);
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(lockPath, `${process.pid} ${mark ?? ''}\n`, { flag: 'wx', mode: 0o600 });
      return;
    } catch (cause) {
      if (!isFileThere(cause)) throw new Fault('journal-write-failed', {}, { cause });
    }
    const [number, holderMark] = (await readFile(lockPath, 'utf8').catch(() => '')).trim().split(' ');
    const holder = Number.parseInt(number ?? '', 10);
    if (attempt > 0 || (await isRunning(holder, holderMark)))
      throw new Fault('journal-in-use', { process: Number.isNaN(holder) ? 'unknown' : holder });
    await rm(lockPath, { force: true });
  }
}

const isFileThere = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** `mark`: of the life that wrote the lock; none where the system does not tell. */
async function isRunning(process_: number, mark: string | undefined): Promise<boolean> {
  // An unreadable lock is a torn one: its writer died, or is about to write it; the second is lost by waiting.
  if (!Number.isSafeInteger(process_) || process_ <= 0) return false;
  const found = mark === undefined ? undefined : await markOfProcess(process_);
  if (found !== undefined) return found === mark;
  if (process_ === process.pid) return true;
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A new file's name is durable only once its folder is synced; systems without that are left alone. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
