// Special commands: an operation of the part with data there and back (0x50), or with two blocks there
// (0x51). AN3155, special command and extended special command. Which operations exist, AN2606 says for
// each part.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { malformed, type Session, withXor } from '../session.ts';

export const mostSpecialBytes = 128;
export const mostExtendedBytes = 1024;

export interface SpecialAnswer {
  /** Of 0x50 only; empty with 0x51. */
  readonly data: Bytes;
  readonly status: Bytes;
}

const halfWord = (value: number) => Uint8Array.of(value >>> 8, value & 0xff);
const block = (bytes: Uint8Array) => withXor(concatBytes(halfWord(bytes.length), bytes));

/** `size(2) *byte`; the size is the chip's word, so a limit comes first. */
async function sized(session: Session, command: string): Promise<Bytes> {
  const [high, low] = await session.receive(command, 2);
  const size = (high! << 8) | low!;
  if (size > mostExtendedBytes) throw malformed(command, `a block of ${size} bytes`);
  return session.receive(command, size);
}

/**
 * `0x50`, then `operation(2) xor`, then `size(2) *byte xor`, each acknowledged; then data, status and an
 * ACK.
 */
export async function special(
  session: Session,
  { operation, data }: { operation: number; data: Uint8Array },
): Promise<SpecialAnswer> {
  const command = 'Special Command';
  await session.begin(command, 0x50);
  await session.step(command, withXor(halfWord(operation)));
  await session.step(command, block(data));
  const answer = await sized(session, command);
  const status = await sized(session, command);
  await session.acknowledged(command);
  return { data: answer, status };
}

/** As `special`, with a second block and without data in the answer. */
export async function extendedSpecial(
  session: Session,
  { operation, data, second }: { operation: number; data: Uint8Array; second: Uint8Array },
): Promise<SpecialAnswer> {
  const command = 'Extended Special Command';
  await session.begin(command, 0x51);
  await session.step(command, withXor(halfWord(operation)));
  await session.step(command, block(data));
  await session.step(command, block(second));
  const status = await sized(session, command);
  await session.acknowledged(command);
  return { data: new Uint8Array(0), status };
}
