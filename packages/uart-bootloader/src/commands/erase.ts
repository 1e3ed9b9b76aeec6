// Erase Memory, 0x43: pages by one-byte numbers, or all. AN3155 section 3.7; bootloaders below protocol
// 3.0 have it in the place of Extended Erase. An erase that the flash refused is acknowledged too: read
// back.

import { concatBytes } from '@firmseal/bytes';
import { type Session, withXor } from '../session.ts';

/** `0x43`, then `0xFF 0x00` for all, or `count-1 *page xor`, acknowledged when it is done. */
export async function erase(
  session: Session,
  { pages, timeoutMs }: { pages: readonly number[] | 'all'; timeoutMs: number },
): Promise<void> {
  const command = 'Erase Memory';
  await session.begin(command, 0x43);
  const payload =
    pages === 'all'
      ? Uint8Array.of(0xff, 0x00)
      : withXor(concatBytes(Uint8Array.of(pages.length - 1), Uint8Array.from(pages)));
  await session.step(command, payload, timeoutMs);
}
