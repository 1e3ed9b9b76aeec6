// Readout Protect, 0x82: raises the readout level to 1 and resets the chip. AN3155 section 3.11.

import type { Session } from '../session.ts';

/** `0x82`, acknowledged before and after the work. */
export async function readoutProtect(session: Session, { timeoutMs }: { timeoutMs: number }): Promise<void> {
  const command = 'Readout Protect';
  await session.begin(command, 0x82);
  await session.acknowledged(command, timeoutMs);
}
