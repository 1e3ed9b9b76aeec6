// The option bytes with which personalization ends (spec/device.md, spec/link.md): what holds the agent and its identity
// is write-protected, the chip boots into the agent, and readout protection stands.

import type { Chip, ReadoutLevel } from './chip.ts';
import { fieldMask, findOptionField } from './option-values.ts';

/** Bits of a register and the values they must have; `value` lies within `mask`. */
export interface OptionRequirement {
  readonly register: number;
  readonly mask: number;
  readonly value: number;
}

/** The final option bytes for that readout level, in ascending register. */
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
  const { readoutProtection, layout, boot, flash } = chip;
  const levels = [readoutProtection.level0, readoutProtection.level1, readoutProtection.level2] as const;
  wantField(readoutProtection.field, levels[level]);
  wantField(boot.bankField, 0);
  if (boot.addressFields !== undefined) {
    wantField(boot.addressFields.pinLow, boot.addressFields.agentValue);
    wantField(boot.addressFields.pinHigh, boot.addressFields.agentValue);
  }
  const held = [...layout.agent, layout.identity];
  for (const { addressStart, sizeBytes, writeProtect } of flash.eraseUnits)
    if (
      held.some(
        (one) => one.addressStart < addressStart + sizeBytes && addressStart < one.addressStart + one.length,
      )
    )
      want(writeProtect.register, (1 << writeProtect.bit) >>> 0, 0);
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([register, { mask, value }]) => ({ register, mask, value }));
}
