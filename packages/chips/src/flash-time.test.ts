import { expect, test } from 'vitest';
import { findChip } from './catalogue.ts';
import { eraseProgramTimeUs } from './flash-time.ts';

const f427 = findChip('stm32f427');
const h743 = findChip('stm32h743');
const bank2 = { addressStart: 0x08100000, length: 1048576 };

test('F427, 1 MiB at x32: 4 x 250 ms + 550 ms + 7 x 1 s, and 262,144 words of 16 us', () => {
  expect(eraseProgramTimeUs(f427, [bank2], 'typical')).toBe(8_550_000 + 262_144 * 16);
  expect(eraseProgramTimeUs(f427, [bank2], 'maximum')).toBe(17_100_000 + 262_144 * 100);
});

test('F427 at x8 erases slower and programs four times as often', () => {
  expect(eraseProgramTimeUs(f427, [bank2], 'typical', 'x8')).toBe(16_800_000 + 1_048_576 * 16);
});

test('H743, 1 MiB at x64: 8 x 1 s and 32,768 flash words of 100 us', () => {
  const range = { addressStart: 0x08000000, length: 1048576 };
  expect(eraseProgramTimeUs(h743, [range], 'typical')).toBe(8_000_000 + 32_768 * 100);
});

test('a unit that two ranges share is erased once; an incomplete write unit counts whole', () => {
  const ranges = [
    { addressStart: 0x08000000, length: 1 },
    { addressStart: 0x08000100, length: 33 },
  ];
  expect(eraseProgramTimeUs(h743, ranges, 'typical')).toBe(1_000_000 + 3 * 100);
  expect(eraseProgramTimeUs(h743, [{ addressStart: 0x08000000, length: 0 }], 'typical')).toBe(0);
});

test('a width without a figure is an error, not a guess', () => {
  expect(() => eraseProgramTimeUs(f427, [bank2], 'typical', 'x64')).toThrow(RangeError);
});
