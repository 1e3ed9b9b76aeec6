// CPU time as the kernel counts it: it hardly depends on what else the machine does, as time on a clock
// would. Of processes that this one started, the living ones count as well as those that have ended
// (proc_pid_stat(5)). A system without /proc tells of this process alone.

import { readdirSync, readFileSync } from 'node:fs';

// Of user space on every architecture that Node runs on (USER_HZ).
const ticksPerSecond = 100;

type ProcessTimes = { parent: number; own: number; endedChildren: number };

/** Undefined where there is no such process, or no /proc. Times are in ticks. */
function readTimes(pid: number | 'self'): ProcessTimes | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // pid (name) state ppid ...: the name may hold blanks and brackets, so fields are counted after the last
  // bracket. Field 3 is the state, 4 the parent, 14 to 17 are utime, stime, cutime and cstime.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), own: field(14) + field(15), endedChildren: field(16) + field(17) };
}

/** Ticks of every living process below this one, with its own ended children. */
function descendantTicks(): number {
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const times = /^\d+$/.test(name) ? readTimes(Number(name)) : undefined;
    if (times !== undefined) all.set(Number(name), times);
  }
  const isBelow = (pid: number): boolean => {
    for (let at = all.get(pid)?.parent; at !== undefined && at > 1; at = all.get(at)?.parent)
      if (at === process.pid) return true;
    return false;
  };
  return [...all]
    .filter(([pid]) => isBelow(pid))
    .reduce((sum, [, { own, endedChildren }]) => sum + own + endedChildren, 0);
}

/** CPU seconds of this process alone, since it began, all its threads. */
export function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds of this process since it began, and of every process that it started. */
export function cpuSeconds(): number {
  const self = readTimes('self');
  if (self === undefined) return ownSeconds();
  return ownSeconds() + (self.endedChildren + descendantTicks()) / ticksPerSecond;
}
