// Which life of a process number: numbers come again, after a restart of the machine and above all
// in containers, where the same command gets the same one each time. Linux tells when a process
// started; elsewhere the number has to do.

import { readFile } from 'node:fs/promises';

/** Place of `starttime`, field 22 of proc_pid_stat(5), among the fields behind the name in parentheses. */
const startTimeField = 22 - 3;

/**
 * Boot and start time of a running process; undefined where the system does not tell
 * or there is no such process.
 */
export async function markOfProcess(pid: number): Promise<string | undefined> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name may hold spaces and parentheses; nothing behind the last one does.
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[startTimeField];
    return start === undefined ? undefined : `${boot}/${start}`;
  } catch {
    return undefined;
  }
}
