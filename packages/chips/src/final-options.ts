// The option bytes with which personalization ends (spec/device.md, spec/link.md): what holds the anchor and
// its data is write-protected, the chip boots into the anchor, and readout protection stands.

import { bootOptions } from './boot-options.ts';
import type { Chip } from './chip.ts';
import { fieldMask, findOptionField } from './option-values.ts';
import type { OptionRequirement, ReadoutLevel } from './protection.ts';
import { writeProtecting } from './write-protect.ts';

/**
 * The final option bytes for that readout level, in ascending register. Of the flash they protect anchor and
 * its data alone: everything else is to be replaced or written again. At level 0 a high BOOT0 pin goes on
 * leading into the ROM bootloader: whoever programmed through it can come back.
 */
export function finalOptions(chip: Chip, level: ReadoutLevel): readonly OptionRequirement[] {
  const wanted = new Map<number, { mask: number; value: number }>();
  const want = (register: number, mask: number, value: number) => {
    const before = wanted.get(register) ?? { mask: 0, value: 0 };
    wanted.set(register, { mask: (before.mask | mask) >>> 0, value: (before.value | value) >>> 0 });
  };
  const wantField = (name: string, value: number) => {
    const field = findOptionField(chip, name);
    want(field.register, fieldMask(field), (value << field.lsb) >>> 0);
  };
  const { readoutProtection, layout } = chip;
  const levels = [readoutProtection.level0, readoutProtection.level1, readoutProtection.level2] as const;
  wantField(readoutProtection.field, levels[level]);
  for (const { register, mask, value } of bootOptions(chip, { keepsRom: level === 0 }))
    want(register, mask, value);
  const kept = [layout.anchor, layout.anchorData];
  for (const { register, mask, value } of writeProtecting(chip, kept)) want(register, mask, value);
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([register, { mask, value }]) => ({ register, mask, value }));
}
