import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chipIds, findChip } from './catalogue.ts';
import { eraseUnitAt, eraseUnitsOf } from './erase-units.ts';

test.each(chipIds())('%s: the unit found holds the address, and only addresses in flash have one', (id) => {
  const chip = findChip(id);
  const { addressStart, sizeBytes } = chip.flash;
  fc.assert(
    fc.property(fc.integer({ min: addressStart - 4096, max: addressStart + sizeBytes + 4096 }), (address) => {
      const unit = eraseUnitAt(chip, address);
      const inside = address >= addressStart && address < addressStart + sizeBytes;
      expect(unit !== undefined).toBe(inside);
      if (unit !== undefined) {
        expect(address).toBeGreaterThanOrEqual(unit.addressStart);
        expect(address).toBeLessThan(unit.addressStart + unit.sizeBytes);
      }
    }),
    { seed: 1 },
  );
});

test('a range yields every unit that it touches and no other', () => {
  const chip = findChip('stm32f427');
  expect(eraseUnitsOf(chip, { addressStart: 0x0800ffff, length: 2 }).map(({ ordinal }) => ordinal)).toEqual([
    3, 4,
  ]);
  expect(eraseUnitsOf(chip, { addressStart: 0x08100000, length: 1048576 })).toHaveLength(12);
  expect(eraseUnitsOf(chip, { addressStart: 0x08100000, length: 0 })).toEqual([]);
});

test('a range that leaves the flash is refused', () => {
  const chip = findChip('stm32h743');
  for (const [addressStart, length] of [
    [0x081fffff, 2],
    [0x07ffffff, 2],
    [0x08000000, -1],
    [0xffffffff, 2],
  ] as const)
    expect(() => eraseUnitsOf(chip, { addressStart, length })).toThrow(
      expect.objectContaining({ code: 'address-not-in-flash' }),
    );
});
