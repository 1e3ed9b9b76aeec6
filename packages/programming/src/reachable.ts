// Refuses option bytes that a way cannot change, before anything is changed.

import type { Chip, OptionValues } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { ChipProgrammer } from './chip-programmer.ts';

/** Throws `option-not-reachable`, naming the register and the chip's other ways. */
export function refuseUnreachable(
  chip: Chip,
  { values, reachable, way }: { values: OptionValues; reachable: OptionValues; way: ChipProgrammer['way'] },
): void {
  for (const register of values.keys())
    if (!reachable.has(register))
      throw new Fault('option-not-reachable', {
        register: chip.options.registers[register]?.name ?? register,
        way,
        ways: chip.options.ways.filter((one) => one !== way).join(', '),
      });
}
