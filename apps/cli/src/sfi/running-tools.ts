// Tools that outlive a firmseal that was killed: while one is at work, the next run must not
// start another one on the same chip or card. Each start leaves a file that names tool and
// firmseal; it goes when the tool ends.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { markOfProcess, readBoundedFile, writeWholeFile } from '@firmseal/files';

const mostBytes = 1024;

const isSameLife = async (pid: number, mark: string): Promise<boolean> => {
  const now = await markOfProcess(pid);
  if (now !== undefined) return now === mark;
  if (mark !== '-') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export interface RunningTools {
  /** Notes that a tool was started; the result forgets it. */
  note(pid: number): Promise<() => void>;
}

const folderOf = (books: string): string => join(books, 'running');

/** Throws `sfi-books-held` while a tool of a run that is gone is at work. What such tools left is cleared. */
export async function refuseRunningTools(books: string): Promise<void> {
  const folder = folderOf(books);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    const text = new TextDecoder().decode(readBoundedFile(path, mostBytes));
    const [tool = '', toolMark = '', owner = '', ownerMark = ''] = text.trim().split(' ');
    if (await isSameLife(Number(owner), ownerMark)) continue; // another firmseal looks after it
    if (await isSameLife(Number(tool), toolMark))
      throw new Fault('sfi-books-held', { process: tool, folder: books });
    rmSync(path, { force: true });
  }
}

export function runningTools(books: string): RunningTools {
  const folder = folderOf(books);
  mkdirSync(folder, { recursive: true });
  return {
    note: async (pid) => {
      const path = join(folder, String(pid));
      const words = [
        pid,
        (await markOfProcess(pid)) ?? '-',
        process.pid,
        (await markOfProcess(process.pid)) ?? '-',
      ];
      writeWholeFile(path, [utf8(`${words.join(' ')}\n`)]);
      return () => rmSync(path, { force: true });
    },
  };
}
