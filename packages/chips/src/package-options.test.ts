// No option that a package may set ruins a chip: every open field of every chip has a reason, and the reason
// holds for that chip. That the agent's machine code bears them is
// device/agent/test/package-options.arm.test.ts.

import { describe, expect, it } from 'vitest';
import { type Chip, chipIds, findChip, isWriteProtected, policyBits, windowWatchdogField } from './index.ts';
import { type OptionReason, packageFields, reasonOf } from './package-options.ts';
import type { OptionField } from './protection.ts';
import type { Range } from './range.ts';

/** Ranges that somebody writes after personalization, whatever the layout calls them. */
const writtenLater = ({ layout }: Chip): Range[] => [
  ...layout.slots.map(({ storeStart, length }) => ({ addressStart: storeStart, length })),
  ...layout.journal.map(({ addressStart, sizeBytes }) => ({ addressStart, length: sizeBytes })),
];

const workingRam = ({ ram }: Chip): string => ram[0]!.name;

/** What must hold of a field with that reason; the text says what does not. */
const holds: Readonly<Record<OptionReason, (chip: Chip, field: OptionField) => string | undefined>> = {
  fed: (_, { msb, lsb, values }) =>
    msb === lsb && values[0]?.includes('hardware') ? undefined : 'no IWDG bit',
  'low-power': (_, { meaning }) =>
    /stop|standby|shutdown/.test(meaning) ? undefined : 'takes effect while the agent runs',
  // SRAM1 and the like may be erased by a reset: the agent keeps nothing in RAM over one.
  'other-ram': (chip, { meaning }) =>
    meaning.includes('system reset') || !meaning.includes(`of ${workingRam(chip)}`)
      ? undefined
      : 'its own RAM',
  pin: (_, { meaning }) => (/PA15|dead battery/.test(meaning) ? undefined : 'another pin'),
  'reset-pin': (_, { meaning }) => (meaning.includes('reset holder') ? undefined : 'another meaning'),
  level: (chip, { name }) => (name === chip.readoutProtection.field ? undefined : 'not the level'),
  anchored(chip, field) {
    const { clearOnly } = policyBits(chip, field.register);
    const values = new Map(chip.options.registers.map(({ id, defaultValue }) => [id, defaultValue]));
    const asked = new Map(values).set(field.register, (values.get(field.register)! & ~clearOnly) >>> 0);
    const hit = chip.flash.eraseUnits.filter((unit) => isWriteProtected(chip, asked, unit));
    const wrong = hit.find((unit) =>
      writtenLater(chip).some(
        ({ addressStart, length }) =>
          unit.addressStart < addressStart + length && addressStart < unit.addressStart + unit.sizeBytes,
      ),
    );
    return wrong === undefined
      ? undefined
      : `the unit at ${wrong.addressStart.toString(16)} is written later`;
  },
};

describe.each(chipIds())('%s: what a package may set', (id) => {
  const chip = findChip(id);
  it.each(packageFields(chip).map((field) => [field.name, field] as const))('%s', (_, field) => {
    const reason = reasonOf(field);
    expect(reason, `why can ${field.name} not ruin a chip?`).toBeDefined();
    expect(holds[reason!](chip, field)).toBeUndefined();
  });

  it('is nothing that decides where the chip boots, nor its brown-out, nor a window watchdog', () => {
    const open = packageFields(chip).map(({ name }) => name);
    const { boot, flash } = chip;
    const never = [
      ...[boot.bankField, boot.boot0?.bitField, boot.boot0?.pinWhile.field, boot.boot1Field],
      ...[boot.lock?.field, boot.addressFields?.pinLow, boot.addressFields?.pinHigh],
      ...[flash.onlyWith?.field, windowWatchdogField(chip)?.name],
      ...['BOR_LEV', 'BOR_EN', 'BORF_LEV', 'BORR_LEV', 'BORH_EN'],
    ];
    expect(open.filter((name) => never.includes(name))).toEqual([]);
    expect(open.length).toBeGreaterThan(3);
  });
});
