// The option bytes that make a chip start its agent, and those that let a bench write all of its flash: what
// must be set before the agent runs for the first time. Protection comes last and is final-options.ts.

import type { Chip } from './chip.ts';
import { fieldMask, findOptionField, type OptionValues } from './option-values.ts';
import type { OptionRequirement } from './protection.ts';
import { windowWatchdogField } from './watchdogs.ts';
import { isWriteProtected } from './write-protect.ts';

/** Fields that decide where the chip starts, with the value that starts the agent. */
function bootFields({ boot, flash }: Chip, keepsRom: boolean): { name: string; value: number }[] {
  const fields: { name: string; value: number }[] = [];
  if (boot.bankField !== undefined)
    fields.push({ name: boot.bankField, value: boot.bankValue === 0 ? 1 : 0 });
  if (flash.onlyWith !== undefined) fields.push({ name: flash.onlyWith.field, value: flash.onlyWith.value });
  if (boot.addressFields !== undefined) {
    const { pinLow, pinHigh, anchorValue } = boot.addressFields;
    fields.push({ name: pinLow, value: anchorValue });
    if (pinHigh !== undefined && !keepsRom) fields.push({ name: pinHigh, value: anchorValue });
  }
  return fields;
}

/** Watchdogs that would reset the agent before it has decided anything. */
function watchdogFields(chip: Chip): { name: string; value: number }[] {
  const window = windowWatchdogField(chip);
  return window === undefined ? [] : [{ name: window.name, value: 1 }];
}

/**
 * The option bits with which the chip starts its agent after a reset, and lets it work; one entry a field.
 * `keepsRom`: only while the BOOT0 pin is low; a high one leads where it led before.
 */
export function bootOptions(
  chip: Chip,
  { keepsRom = false }: { keepsRom?: boolean } = {},
): readonly OptionRequirement[] {
  return [...bootFields(chip, keepsRom), ...watchdogFields(chip)].map(({ name, value }) => {
    const field = findOptionField(chip, name);
    return { register: field.register, mask: fieldMask(field), value: (value << field.lsb) >>> 0 };
  });
}

/** The registers that `requirements` change in `values`, whole, with everything else in them as it is. */
export function changedOptions(
  values: OptionValues,
  requirements: readonly OptionRequirement[],
): Map<number, number> {
  const after = new Map(values);
  for (const { register, mask, value } of requirements)
    after.set(register, (((after.get(register) ?? 0) & ~mask) | (value & mask)) >>> 0);
  return new Map([...after].filter(([register, value]) => values.get(register) !== value));
}

/**
 * The registers to store, whole, so that no erase unit is write-protected: every field that protects units
 * gets the value of a blank part. Empty where nothing is protected.
 */
export function withoutWriteProtection(chip: Chip, values: OptionValues): Map<number, number> {
  if (!chip.flash.eraseUnits.some((unit) => isWriteProtected(chip, values, unit))) return new Map();
  const requirements = chip.flash.eraseUnits.flatMap(({ writeProtect }): OptionRequirement[] => {
    const factory = (register: number) => chip.options.registers[register]!.defaultValue;
    if (writeProtect.kind === 'bit') {
      const { register, bit } = writeProtect;
      return [{ register, mask: (1 << bit) >>> 0, value: factory(register) }];
    }
    return writeProtect.ranges.flatMap(({ startField, endField }) =>
      [startField, endField].map((name) => {
        const field = findOptionField(chip, name);
        return { register: field.register, mask: fieldMask(field), value: factory(field.register) };
      }),
    );
  });
  return changedOptions(values, requirements);
}
