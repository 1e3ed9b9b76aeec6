import { expect, test } from 'vitest';
import { chipIds, findChip } from './catalogue.ts';
import { defaultOptionValues, withOptionField } from './option-values.ts';
import type { OptionRequirement } from './protection.ts';
import { isWriteProtected, writeProtecting } from './write-protect.ts';

function apply(values: Map<number, number>, requirements: readonly OptionRequirement[]): Map<number, number> {
  for (const { register, mask, value } of requirements)
    values.set(register, (((values.get(register) ?? 0) & ~mask) | value) >>> 0);
  return values;
}

test.each(chipIds())('%s: protecting anchor and its data protects their units and no other', (id) => {
  const chip = findChip(id);
  const held = [chip.layout.anchor, chip.layout.anchorData];
  const values = apply(defaultOptionValues(chip), writeProtecting(chip, held));
  for (const unit of chip.flash.eraseUnits) {
    const inside = held.some(
      (one) =>
        one.addressStart < unit.addressStart + unit.sizeBytes &&
        unit.addressStart < one.addressStart + one.length,
    );
    expect([unit.addressStart, isWriteProtected(chip, values, unit)]).toEqual([unit.addressStart, inside]);
  }
});

test('a range that starts above its end protects nothing, one page can be a range', () => {
  const chip = findChip('stm32l476');
  const [first, second] = chip.flash.eraseUnits;
  const none = withOptionField(chip, defaultOptionValues(chip), { name: 'WRP1A_STRT', value: 1 });
  expect(isWriteProtected(chip, none, second!)).toBe(false);
  const one = withOptionField(chip, none, { name: 'WRP1A_END', value: 1 });
  expect([isWriteProtected(chip, one, first!), isWriteProtected(chip, one, second!)]).toEqual([false, true]);
});

test('the ranges of one bank say nothing of the other', () => {
  const chip = findChip('stm32g0b1');
  const values = apply(
    defaultOptionValues(chip),
    writeProtecting(chip, [{ addressStart: 0x08040000, length: 4096 }]),
  );
  const states = chip.flash.eraseUnits.map((unit) => isWriteProtected(chip, values, unit));
  expect(states.flatMap((state, i) => (state ? [i] : []))).toEqual([128, 129]);
});

test('H563: four sectors share a bit', () => {
  const chip = findChip('stm32h563');
  const wanted = writeProtecting(chip, [{ addressStart: 0x08100000, length: 1 }]);
  expect(wanted).toEqual([{ register: 12, mask: 1, value: 0 }]);
  const values = apply(defaultOptionValues(chip), wanted);
  const second = chip.flash.eraseUnits.filter(({ bank }) => bank === 2);
  expect(second.slice(0, 5).map((unit) => isWriteProtected(chip, values, unit))).toEqual([
    ...[true, true, true, true],
    false,
  ]);
});

test('F427: with SPRMOD set a bit of 1 is the protected one', () => {
  const chip = findChip('stm32f427');
  const values = withOptionField(chip, defaultOptionValues(chip), { name: 'SPRMOD', value: 1 });
  expect(isWriteProtected(chip, values, chip.flash.eraseUnits[0]!)).toBe(true);
});

test('three runs of pages do not fit the two ranges of a bank', () => {
  const chip = findChip('stm32u575');
  const apart = [0x08000000, 0x08010000, 0x08020000].map((addressStart) => ({ addressStart, length: 1 }));
  expect(writeProtecting(chip, apart.slice(1))).toHaveLength(4);
  expect(() => writeProtecting(chip, apart)).toThrow(/no write protection range left for 0x08020000/);
});
