// CPU time as the kernel counts it: it hardly depends on what else the machine does, as time on a clock
// would. Children count once they have ended and were waited for (proc_pid_stat(5), cutime and cstime); a
// system without /proc tells of this process alone.

import { readFileSync } from 'node:fs';

// Of user space on every architecture that Node runs on (USER_HZ).
const ticksPerSecond = 100;

/** CPU seconds that the ended children of this process used, with their own ended children. */
function childrenSeconds(): number {
  let text: string;
  try {
    text = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return 0;
  }
  // pid (name) state ppid ...: the name may hold blanks and brackets, so fields are counted after the last
  // bracket. The state is field 3; cutime and cstime are fields 16 and 17.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[16 - 3]) + Number(fields[17 - 3])) / ticksPerSecond;
}

/** CPU seconds of this process since it began, all its threads and its ended children. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childrenSeconds();
}
