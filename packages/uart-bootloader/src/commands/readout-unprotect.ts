// Readout Unprotect, 0x92: lowers the readout level to 0, which erases the flash, and resets the chip.
// AN3155 section 3.12. The one changing command that a protected chip takes.

import type { Session } from '../session.ts';

/** `0x92`, acknowledged before and after the work. */
export async function readoutUnprotect(
  session: Session,
  { timeoutMs }: { timeoutMs: number },
): Promise<void> {
  const command = 'Readout Unprotect';
  await session.begin(command, 0x92);
  await session.acknowledged(command, timeoutMs);
}
