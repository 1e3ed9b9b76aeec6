// The access table of RM0090 3.7.3, row by row. `.` = no access.

import { expect, test } from 'vitest';
import { isAllowed, type MemoryAction, type MemoryArea } from './protection.ts';

const masters = ['cpu-flash', 'cpu-ram', 'debug', 'rom-bootloader'] as const;
const letters: Readonly<Record<string, MemoryAction>> = { r: 'read', w: 'write', e: 'erase' };

//  level, debugger seen, area, then what each master may: cpu-flash, cpu-ram, debug, rom-bootloader
test.each<[0 | 1 | 2, boolean, MemoryArea, string, string, string, string]>([
  [0, false, 'flash', 'rwe', 'rwe', 'rwe', 'rwe'],
  [0, true, 'flash', 'rwe', 'rwe', 'rwe', 'rwe'],
  [0, false, 'backup-ram', 'rw', 'rw', 'rw', 'rw'],
  [0, false, 'otp', 'rw', 'rw', 'rw', 'rw'],
  [0, false, 'ram', 'rw', 'rw', 'rw', 'rw'],
  [0, false, 'option-bytes', 'rw', 'rw', 'rw', 'rw'],
  [0, false, 'information', 'r', 'r', 'r', 'r'],
  [1, false, 'flash', 'rwe', '.', '.', '.'],
  [1, true, 'flash', '.', '.', '.', '.'],
  [1, false, 'backup-ram', 'rw', '.', '.', '.'],
  [1, true, 'backup-ram', '.', '.', '.', '.'],
  [1, false, 'otp', 'rw', '.', '.', '.'],
  [1, true, 'otp', '.', '.', '.', '.'],
  [1, true, 'ram', 'rw', 'rw', 'rw', 'rw'],
  [1, false, 'option-bytes', 'rw', 'rw', 'rw', 'rw'],
  [1, false, 'information', 'r', 'r', 'r', 'r'],
  [2, false, 'flash', 'rwe', '.', '.', '.'],
  [2, false, 'backup-ram', 'rw', '.', '.', '.'],
  [2, false, 'otp', 'rw', '.', '.', '.'],
  [2, false, 'ram', 'rw', '.', '.', '.'],
  [2, false, 'option-bytes', 'r', '.', '.', '.'],
  [2, false, 'information', 'r', '.', '.', '.'],
])('level %i, debugger seen %s, %s: %s | %s | %s | %s', (level, debuggerSeen, area, ...rights) => {
  masters.forEach((master, i) => {
    for (const [letter, action] of Object.entries(letters))
      expect([master, action, isAllowed({ level, debuggerSeen }, { master, area, action })]).toEqual([
        master,
        action,
        rights[i]!.includes(letter),
      ]);
  });
});
