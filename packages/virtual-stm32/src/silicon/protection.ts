// Who may do what, in one place: the access rules of readout protection. RM0090 3.7.3 (table of access versus
// read protection level) for F4; RM0433 4.5.3 for H7, whose rules are the same for what is modelled here.

import type { ReadoutLevel } from '@firmseal/chips';

/**
 * `cpu-flash`: code that was started from flash. `cpu-ram`: code that was started from RAM, by
 * the boot pins, a debugger or the ROM bootloader's Go. `debug`: the debug port.
 * `rom-bootloader`: ST's code in system memory.
 */
export type Master = 'cpu-flash' | 'cpu-ram' | 'debug' | 'rom-bootloader';

export type MemoryArea =
  | 'flash'
  | 'backup-ram'
  | 'backup-registers'
  | 'guarded-ram'
  | 'otp'
  | 'ram'
  | 'option-bytes'
  | 'information';

/** `write` is a program operation where the area is flash or OTP. */
export type MemoryAction = 'read' | 'write' | 'erase';

export interface ProtectionState {
  readonly level: ReadoutLevel;
  /** A debugger connected since power was applied. */
  readonly debuggerSeen: boolean;
  /** With `level` 2: option bytes can still be written, by code from flash (H5, closed and not locked). */
  readonly optionsOpen?: boolean;
}

const guarded: readonly MemoryArea[] = ['flash', 'backup-ram', 'backup-registers', 'guarded-ram', 'otp'];

/** Whether the access is carried out; otherwise a read is a bus fault and a write has no effect. */
export function isAllowed(
  { level, debuggerSeen, optionsOpen = level < 2 }: ProtectionState,
  { master, area, action }: { master: Master; area: MemoryArea; action: MemoryAction },
): boolean {
  if (area === 'information') return action === 'read' && (level < 2 || master === 'cpu-flash');
  if (action === 'erase' && area !== 'flash') return false;
  if (level === 0) return true;
  if (level === 1) {
    if (!guarded.includes(area)) return true;
    return master === 'cpu-flash' && !debuggerSeen;
  }
  if (master !== 'cpu-flash') return false;
  return optionsOpen || area !== 'option-bytes' || action !== 'write';
}

/** Whether the debug port answers at all. */
export function debugPortAnswers(level: ReadoutLevel): boolean {
  return level < 2;
}

/** Whether the chip starts from the ROM bootloader or from RAM when its pins or boot address ask for it. */
export function bootsOutsideFlash(level: ReadoutLevel): boolean {
  return level < 2;
}
