// No core of a process that holds keys: what is in its memory would be on the disk, or with whatever program
// the system hands cores to. Node has no setrlimit, so prlimit(1) of util-linux sets the limit of this
// process from outside; nobody but root can raise it again.

import { spawnSync } from 'node:child_process';
import { readBoundedFile } from '@firmseal/files';
import type { Face } from '../face.ts';

const textBytesAtMost = 65_536;

const read = (path: string): string | undefined => {
  try {
    return new TextDecoder().decode(readBoundedFile(path, textBytesAtMost));
  } catch {
    return undefined;
  }
};

/**
 * The highest limit that keeps every core away. A program behind a pipe gets cores whatever the limit is,
 * unless it is 1, and 1 byte is too little for a file (core(5); fs/coredump.c of Linux 6.1).
 */
const limitThatRefuses = (): number => (read('/proc/sys/kernel/core_pattern')?.startsWith('|') ? 1 : 0);

/** Hard limit of this process in bytes; undefined where the system does not show it. */
export function coreLimit(): number | undefined {
  const text = /^Max core file size\s+\S+\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1];
  if (text === undefined) return undefined;
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

/** Whether no core is written from now on; warns where that cannot be said. */
export function refuseCores(face: Face): boolean {
  const wanted = limitThatRefuses();
  if (coreLimit() !== wanted) {
    const words = ['--pid', String(process.pid), `--core=${wanted}:${wanted}`];
    spawnSync('prlimit', words, { stdio: 'ignore', timeout: 10_000 });
  }
  const found = coreLimit();
  if (found !== undefined && found <= wanted) return true;
  face.note(
    found === undefined
      ? 'Warning: this system does not show whether cores of this process are written; its memory holds keys'
      : 'Warning: cores of this process may be written, and its memory holds keys; install util-linux (prlimit), or run ulimit -c 0 before',
  );
  return false;
}
