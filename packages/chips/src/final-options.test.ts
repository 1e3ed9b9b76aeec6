import { expect, test } from 'vitest';
import { findChip } from './catalogue.ts';
import { finalOptions } from './final-options.ts';

test('F427: level, no boot from bank 2, sectors 0 and 1 write-protected', () => {
  expect(finalOptions(findChip('stm32f427'), 2)).toEqual([{ register: 0, mask: 0x0003ff10, value: 0xcc00 }]);
});

test('H743: level, banks not swapped, last sector write-protected, both boot addresses the anchor', () => {
  expect(finalOptions(findChip('stm32h743'), 1)).toEqual([
    { register: 0, mask: 0x8000ff00, value: 0xbb00 },
    { register: 6, mask: 0x80, value: 0 },
    { register: 7, mask: 0xffffffff, value: 0x081e081e },
  ]);
});

test('G0B1: level, two banks, not swapped, pages 0 to 13 of bank 1 write-protected', () => {
  expect(finalOptions(findChip('stm32g0b1'), 2)).toEqual([
    { register: 0, mask: 0x003800ff, value: 0x003800cc },
    { register: 3, mask: 0x007f007f, value: 0x000d0000 },
  ]);
});

test('U575: both boot addresses the anchor, pages 124 to 127 of bank 2 write-protected', () => {
  expect(finalOptions(findChip('stm32u575'), 2)).toEqual([
    { register: 0, mask: 0x001800ff, value: 0x000800cc },
    { register: 1, mask: 0xffffff80, value: 0x081f8000 },
    { register: 2, mask: 0xffffff80, value: 0x081f8000 },
    { register: 10, mask: 0x007f007f, value: 0x007f007c },
  ]);
});

test('H563: closed, the one boot address the anchor, the last four sectors write-protected', () => {
  expect(finalOptions(findChip('stm32h563'), 1)).toEqual([
    { register: 0, mask: 0x8000ff10, value: 0x7210 },
    { register: 4, mask: 0xffffff00, value: 0x081f8000 },
    { register: 12, mask: 0x80000000, value: 0 },
  ]);
});

test('F405: one bank, so nothing to say of banks', () => {
  expect(finalOptions(findChip('stm32f405'), 2)).toEqual([{ register: 0, mask: 0x0003ff00, value: 0xcc00 }]);
});
