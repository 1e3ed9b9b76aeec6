// Set Address Pointer, 0x21: where data blocks count from. AN3156 section 5.1.

import { concatBytes, u32le } from '@firmseal/bytes';
import type { DfuControl } from '../control.ts';
import { runCommand } from './command.ts';

const timeoutMs = 1000;

export function setAddress(control: DfuControl, address: number): Promise<void> {
  const bytes = concatBytes(Uint8Array.of(0x21), u32le(address));
  return runCommand(control, { command: 'Set Address Pointer', bytes, timeoutMs });
}
