// Read Memory, 0x11: 1 to 256 bytes from an address. AN3155 section 3.4. The data has no checksum.

import { type Bytes, u32be } from '@firmseal/bytes';
import { malformed, type Session, withXor } from '../session.ts';

export const mostReadBytes = 256;

/** `0x11`, then `address xor`, then `count-1 complement`, each acknowledged; then the bytes. */
export async function readMemory(session: Session, address: number, lengthBytes: number): Promise<Bytes> {
  const command = 'Read Memory';
  await session.begin(command, 0x11);
  await session.step(command, withXor(u32be(address)));
  await session.step(command, Uint8Array.of(lengthBytes - 1, ~(lengthBytes - 1)));
  const bytes = await session.receive(command, lengthBytes);
  // An acknowledgement that came twice shifts the data by one: then a byte is left over.
  if (!(await session.ended(0))) throw malformed(command, 'more bytes than were asked for');
  return bytes;
}
