// Programs option bytes by the registers of the flash controller, as a debug probe does: which sequence a
// controller wants. One file a design: f4.ts, h7.ts, l4.ts (with G0), u5.ts, h5.ts. Addresses of the
// option registers and the keys are the catalogue's.

import type { Chip, FlashController, OptionValues } from '@firmseal/chips';
import { programF4 } from './f4.ts';
import { programH5 } from './h5.ts';
import { programH7 } from './h7.ts';
import { programL4 } from './l4.ts';
import type { OptionJob, OptionWrite } from './option-job.ts';
import { programU5 } from './u5.ts';
import type { Waiting, WordPort } from './word-port.ts';

const sequences: Readonly<Record<FlashController['kind'], (job: OptionJob) => Promise<void>>> = {
  f4: programF4,
  h7: programH7,
  l4: programL4,
  g0: programL4,
  u5: programU5,
  h5: programH5,
};

/** The option bytes in force: the registers as they read, without the bits that are no option bits. */
export async function readOptionRegisters(chip: Chip, port: WordPort): Promise<Map<number, number>> {
  const values = new Map<number, number>();
  for (const { id, readAddress, mask } of chip.options.registers)
    values.set(id, ((await port.readWord(readAddress)) & mask) >>> 0);
  return values;
}

/**
 * Programs the registers that are given; a reset that loads them is the caller's. Throws
 * `option-bytes-refused` when the controller reports an error, `flash-controller-busy` when it does not
 * end.
 */
export async function programOptionRegisters(
  chip: Chip,
  { port, values, waiting }: { port: WordPort; values: OptionValues; waiting: Waiting },
): Promise<void> {
  const writes: OptionWrite[] = [];
  for (const register of chip.options.registers) {
    const wanted = values.get(register.id);
    if (wanted === undefined) continue;
    const before = await port.readWord(register.readAddress);
    writes.push({ register, value: ((before & ~register.mask) | (wanted & register.mask)) >>> 0 });
  }
  if (writes.length === 0) return;
  await sequences[chip.flashController.kind]({ port, controller: chip.flashController, writes, waiting });
}
