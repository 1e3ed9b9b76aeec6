// Whether this process owns the terminal: both ends are one, and it runs in the foreground. Started with `&`,
// it must not read: the system would stop it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Shell } from '../shell.ts';

/** Process group and the terminal's foreground group; undefined where neither /proc nor ps can say. */
function groups(): readonly [own: number, foreground: number] | undefined {
  try {
    // After the name in parentheses: state, parent, group, session, terminal, foreground group (proc(5)).
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return [Number(fields[2]), Number(fields[5])];
  } catch {
    try {
      const words = execFileSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], {
        encoding: 'utf8',
      });
      const [own, foreground] = words.trim().split(/\s+/).map(Number);
      return [own!, foreground!];
    } catch {
      return undefined;
    }
  }
}

export function ownsTerminal(shell: Shell): boolean {
  if (!shell.in.isTTY || !shell.out.isTerminal) return false;
  const found = groups();
  return found === undefined || found[0] === found[1];
}
