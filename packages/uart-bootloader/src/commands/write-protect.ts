// Write Protect, 0x63: protects exactly the given sectors, lets go of the others, and resets the chip.
// AN3155 section 3.9. Numbers that do not exist are passed over.

import { concatBytes } from '@firmseal/bytes';
import { type Session, withXor } from '../session.ts';

/** `0x63`, then `count-1 *sector xor`, each acknowledged. */
export async function writeProtect(
  session: Session,
  { sectors, timeoutMs }: { sectors: readonly number[]; timeoutMs: number },
): Promise<void> {
  const command = 'Write Protect';
  await session.begin(command, 0x63);
  const payload = concatBytes(Uint8Array.of(sectors.length - 1), Uint8Array.from(sectors));
  await session.step(command, withXor(payload), timeoutMs);
}
