// Erase, 0x41: the page or sector that holds an address, or all of the flash. AN3156 section 5.2. That
// write protection stopped an erase is not answered: read back.

import { concatBytes, u32le } from '@firmseal/bytes';
import type { DfuControl } from '../control.ts';
import { runCommand } from './command.ts';

export function erasePage(control: DfuControl, address: number, timeoutMs: number): Promise<void> {
  const bytes = concatBytes(Uint8Array.of(0x41), u32le(address));
  return runCommand(control, { command: 'Erase Page', bytes, timeoutMs });
}

export function massErase(control: DfuControl, timeoutMs: number): Promise<void> {
  return runCommand(control, { command: 'Mass Erase', bytes: Uint8Array.of(0x41), timeoutMs });
}
