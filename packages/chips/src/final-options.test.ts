import { expect, test } from 'vitest';
import { findChip } from './catalogue.ts';
import { finalOptions } from './final-options.ts';

test('F427: level, no boot from bank 2, sectors 0, 1 and 4 write-protected', () => {
  const protectedSectors = (1 << 16) | (1 << 17) | (1 << 20);
  expect(finalOptions(findChip('stm32f427'), 2)).toEqual([
    { register: 0, mask: protectedSectors | 0xff00 | 0x10, value: 0xcc00 },
  ]);
});

test('H743: level, banks not swapped, last sector write-protected, both boot addresses the agent', () => {
  expect(finalOptions(findChip('stm32h743'), 1)).toEqual([
    { register: 0, mask: 0x8000ff00, value: 0xbb00 },
    { register: 6, mask: 0x80, value: 0 },
    { register: 7, mask: 0xffffffff, value: 0x081e081e },
  ]);
});
