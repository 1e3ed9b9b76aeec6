// What every sequence of option registers is given, and the steps that they share.

import type { FlashController, OptionRegister } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Waiting, WordPort } from './word-port.ts';

export interface OptionWrite {
  readonly register: OptionRegister;
  readonly value: number;
}

/** Everything that a sequence works with. */
export interface OptionJob {
  readonly port: WordPort;
  readonly controller: FlashController;
  /** In ascending register; each value with the bits that are no option bits as they were read. */
  readonly writes: readonly OptionWrite[];
  readonly waiting: Waiting;
}

/** Writes both keys of a lock. */
export async function unlock(
  port: WordPort,
  { address, keys }: { address: number; keys: readonly [number, number] },
): Promise<void> {
  await port.writeWord(address, keys[0]);
  await port.writeWord(address, keys[1]);
}

/** Throws `option-bytes-refused` when one of the bits is set. */
export function refuseErrors(status: number, errors: number): void {
  const found = (status & errors) >>> 0;
  if (found !== 0) throw new Fault('option-bytes-refused', { flags: `0x${found.toString(16)}` });
}
