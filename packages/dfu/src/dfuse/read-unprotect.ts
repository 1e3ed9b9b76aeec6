// Read Unprotect, 0x92: lowers the readout level to 0, which erases the flash; the chip resets and leaves
// the bus. AN3156 section 5.3. The one changing command that a protected chip takes.

import { type DfuControl, leftTheBus } from '../control.ts';
import { runCommand } from './command.ts';

/** Resolves when the device left the bus or answered that it is done. */
export async function readUnprotect(control: DfuControl, timeoutMs: number): Promise<void> {
  try {
    await runCommand(control, { command: 'Read Unprotect', bytes: Uint8Array.of(0x92), timeoutMs });
  } catch (error) {
    if (!leftTheBus(error)) throw error;
  }
}
