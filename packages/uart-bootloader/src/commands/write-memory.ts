// Write Memory, 0x31: 1 to 256 bytes to flash, RAM or option bytes. AN3155 section 3.6. After option
// bytes the chip resets itself. That the flash refused a write is not answered: read back.

import { concatBytes, u32be } from '@firmseal/bytes';
import { type Session, withXor } from '../session.ts';

/**
 * `0x31`, then `address xor`, then `count-1 *byte xor`, each acknowledged, the last when the bytes are
 * programmed.
 */
export async function writeMemory(
  session: Session,
  { address, bytes, timeoutMs }: { address: number; bytes: Uint8Array; timeoutMs: number },
): Promise<void> {
  const command = 'Write Memory';
  await session.begin(command, 0x31);
  await session.step(command, withXor(u32be(address)));
  await session.step(command, withXor(concatBytes(Uint8Array.of(bytes.length - 1), bytes)), timeoutMs);
}
