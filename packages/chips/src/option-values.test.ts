import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chipIds, findChip } from './catalogue.ts';
import {
  defaultOptionValues,
  optionField,
  policyBits,
  readoutLevel,
  withOptionField,
} from './option-values.ts';
import { isWriteProtected } from './write-protect.ts';

test.each(chipIds())('%s: a blank part is at level 0, with nothing write-protected', (id) => {
  const chip = findChip(id);
  const values = defaultOptionValues(chip);
  expect(readoutLevel(chip, values)).toBe(0);
  for (const unit of chip.flash.eraseUnits) expect(isWriteProtected(chip, values, unit)).toBe(false);
});

const withoutStates = chipIds().filter((id) => findChip(id).readoutProtection.productStates === undefined);

test.each(withoutStates)('%s: 0xAA is level 0, 0xCC level 2, every other value level 1', (id) => {
  const chip = findChip(id);
  for (let value = 0; value < 256; value++) {
    const values = withOptionField(chip, new Map(), { name: 'RDP', value });
    expect(readoutLevel(chip, values)).toBe(value === 0xaa ? 0 : value === 0xcc ? 2 : 1);
  }
});

test.each(chipIds())('%s: setting a field reads back, changes no other, and keeps the argument', (id) => {
  const chip = findChip(id);
  const fields = chip.options.registers.flatMap((register) => register.fields);
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.nat({ max: 2 ** 32 - 1 }), (field, raw) => {
      const before = defaultOptionValues(chip);
      const value = raw % 2 ** (field.msb - field.lsb + 1);
      const after = withOptionField(chip, before, { name: field.name, value });
      expect(before).toEqual(defaultOptionValues(chip));
      for (const { name } of fields)
        expect(optionField(chip, after, name)).toBe(
          name === field.name ? value : optionField(chip, before, name),
        );
    }),
    { seed: 2 },
  );
});

test('unknown fields and values that are too wide are refused', () => {
  const chip = findChip('stm32f427');
  expect(() => optionField(chip, new Map(), 'TZEN')).toThrow(
    expect.objectContaining({ code: 'option-field-unknown' }),
  );
  for (const value of [256, -1, 0.5])
    expect(() => withOptionField(chip, new Map(), { name: 'RDP', value })).toThrow(
      expect.objectContaining({ code: 'option-value-too-wide' }),
    );
});

test('a policy can protect the anchor, never what an install or an update writes', () => {
  const f427 = findChip('stm32f427');
  expect(policyBits(f427, 0)).toEqual({
    neutral: 0xe0,
    clearOnly: (1 << 16) | (1 << 17),
    setOnly: 0,
    readout: 0xff00,
  });
  expect(policyBits(f427, 1).clearOnly).toBe(0);
  const h743 = findChip('stm32h743');
  expect([5, 6, 7].map((id) => policyBits(h743, id).clearOnly)).toEqual([0, 0x80, 0]);
  expect(policyBits(h743, 99)).toEqual({ neutral: 0, clearOnly: 0, setOnly: 0, readout: 0 });
});
