import { expect, test } from 'vitest';
import { findChip } from './catalogue.ts';
import { freeRanges, placeImage } from './place-image.ts';

const f427 = findChip('stm32f427');
const h743 = findChip('stm32h743');

test.each([
  ['linked at the start of flash goes to bank 2', 0x08000000, 917504, 'bank2', 0x08100000],
  ['linked above the agent stays', 0x08040000, 1703936, 'above', 0x08040000],
  ['linked in bank 2 stays', 0x08100000, 917504, 'above', 0x08100000],
  ['linked below the end of the agent goes to bank 2', 0x0803ff00, 512, 'bank2', 0x0813ff00],
])('F427: an image %s', (_, address, length, slot, storeAddress) => {
  const placement = placeImage(f427, [{ address, length }]);
  expect(placement.slot.name).toBe(slot);
  expect(placement.segments).toEqual([{ linkAddress: address, storeAddress, length }]);
});

test('all segments go to one slot', () => {
  const placement = placeImage(f427, [
    { address: 0x08000000, length: 512 },
    { address: 0x08020000, length: 100 },
    { address: 0x20000000, length: 0 },
  ]);
  expect(placement.slot.name).toBe('bank2');
  expect(placement.segments.map(({ storeAddress }) => storeAddress)).toEqual([0x08100000, 0x08120000]);
});

test('H743: up to the journal, and not a byte further', () => {
  expect(placeImage(h743, [{ address: 0x08000000, length: 0x160000 }]).slot.name).toBe('start-of-flash');
  expect(() => placeImage(h743, [{ address: 0x08000000, length: 0x160001 }])).toThrow(
    expect.objectContaining({
      code: 'image-does-not-fit',
      fields: {
        chip: 'stm32h743',
        first: '0x08000000',
        last: '0x08160000',
        free: '0x08000000..0x0815FFFF',
      },
    }),
  );
});

test.each([
  ['over both banks', [{ address: 0x08000000, length: 1048577 }]],
  [
    'in two slots at once',
    [
      { address: 0x08000000, length: 4 },
      { address: 0x08100000, length: 4 },
    ],
  ],
])('F427: an image %s is refused', (_, segments) => {
  expect(() => placeImage(f427, segments)).toThrow(expect.objectContaining({ code: 'image-does-not-fit' }));
});

test('an image of nothing is refused', () => {
  expect(() => placeImage(f427, [{ address: 0x08000000, length: 0 }])).toThrow(
    expect.objectContaining({ code: 'image-has-no-segment' }),
  );
});

test.each(['stm32f405', 'stm32f411', 'stm32f446', 'stm32f427xg', 'stm32l476', 'stm32g0b1'])(
  '%s: an image linked at the start of flash, where the anchor stands, is refused with the free range',
  (id) => {
    const chip = findChip(id);
    expect(() => placeImage(chip, [{ address: 0x08000000, length: 4096 }])).toThrow(
      expect.objectContaining({
        code: 'image-does-not-fit',
        fields: expect.objectContaining({ free: freeRanges(chip) }),
      }),
    );
  },
);
