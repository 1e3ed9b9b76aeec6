// Extended Erase, 0x44: pages or sectors by two-byte numbers, a bank, or all. AN3155 section 3.8. An
// erase that the flash refused (write protection) is acknowledged too: read back.

import { type Session, withXor } from '../session.ts';

export type EraseTarget = readonly number[] | 'all' | 'bank1' | 'bank2';

const special = { all: 0xffff, bank1: 0xfffe, bank2: 0xfffd } as const;

/** Two bytes each, most significant first. */
const halfWords = (values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 8, value & 0xff]));

/** `0x44`, then `code(2) xor`, or `count-1(2) *page(2) xor`, acknowledged when it is done. */
export async function extendedErase(
  session: Session,
  { target, timeoutMs }: { target: EraseTarget; timeoutMs: number },
): Promise<void> {
  const command = 'Extended Erase';
  await session.begin(command, 0x44);
  const values = typeof target === 'string' ? [special[target]] : [target.length - 1, ...target];
  await session.step(command, withXor(halfWords(values)), timeoutMs);
}
