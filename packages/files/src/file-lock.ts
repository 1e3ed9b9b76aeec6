// A file held by one process at a time, through a lock file beside it that names the process: its number
// and, where the system tells, when it started. A lock whose process is gone is taken over, also when
// another process has its number by now.

import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { markOfProcess } from './process-mark.ts';
import { faultOfFile } from './system-fault.ts';

export type FileLock =
  | { readonly held: true; release(): Promise<void> }
  /** Number of the process that has it. */
  | { readonly held: false; readonly process: number | 'unknown' };

/** A second, in which a process that has made a lock says in it who it is. */
const [lookMs, mostLooks] = [20, 50];

/** Throws what writeWholeFile does when the lock file cannot be written. */
export async function holdFile(path: string): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const mark = await markOfProcess(process.pid);
  for (let attempt = 0, looks = 0; ; ) {
    try {
      await makeLock(lockPath, `${process.pid} ${mark ?? ''}\n`);
      return { held: true, release: () => rm(lockPath, { force: true }) };
    } catch (error) {
      if (!isFileThere(error)) throw faultOfFile(error, lockPath, 'written');
    }
    const text = (await readFile(lockPath, 'utf8').catch(() => '')).trim();
    // Its writer is about to write it, or died; or it is gone by now.
    if (text === '' && looks++ < mostLooks) {
      await setTimeout(lookMs);
      continue;
    }
    const [number, holderMark] = text.split(' ');
    const holder = Number.parseInt(number ?? '', 10);
    if (attempt > 0 || (await isRunning(holder, holderMark)))
      return { held: false, process: Number.isNaN(holder) ? 'unknown' : holder };
    await rm(lockPath, { force: true });
    attempt++;
  }
}

/** An empty lock on a full disk would be one that nobody holds: it is removed. */
async function makeLock(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const isFileThere = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** `mark`: of the life that wrote the lock; none where the system does not tell. */
async function isRunning(process_: number, mark: string | undefined): Promise<boolean> {
  // A torn one: its writer died before it had written.
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
