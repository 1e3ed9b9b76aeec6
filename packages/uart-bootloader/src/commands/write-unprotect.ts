// Write Unprotect, 0x73: lets go of all sectors and resets the chip. AN3155 section 3.10.

import type { Session } from '../session.ts';

/** `0x73`, acknowledged before and after the work. */
export async function writeUnprotect(session: Session, { timeoutMs }: { timeoutMs: number }): Promise<void> {
  const command = 'Write Unprotect';
  await session.begin(command, 0x73);
  await session.acknowledged(command, timeoutMs);
}
