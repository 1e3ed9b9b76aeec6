import { expect, test } from 'vitest';
import { findChip } from './catalogue.ts';
import { memoryAt } from './memory-map.ts';
import { placeImage } from './place-image.ts';

test.each([
  ['stm32f427', 0x0802_0000, 'flash'],
  ['stm32f427', 0x0820_0000, 'beyond-flash'],
  ['stm32f427', 0x2000_0000, 'ram'],
  ['stm32f427', 0x1000_0000, 'ram'],
  ['stm32f427', 0x1fff_7800, 'otp'],
  ['stm32f427', 0x1fff_c000, 'option-bytes'],
  ['stm32f427', 0x1ffe_c000, 'option-bytes'],
  ['stm32f427', 0x1fff_0000, 'system-memory'],
  ['stm32f427', 0x9000_0000, 'external-memory'],
  ['stm32f427', 0x4002_0000, 'registers'],
  ['stm32f427', 0x0000_0000, 'alias'],
  ['stm32h743', 0x0000_0000, 'ram'],
  ['stm32h743', 0x5200_201c, 'option-bytes'],
  ['stm32h743', 0x9000_0000, 'external-memory'],
  ['stm32l476', 0x1fff_7800, 'option-bytes'],
  ['stm32l476', 0x1fff_f800, 'option-bytes'],
  ['stm32g0b1', 0x1fff_7000, 'otp'],
  ['stm32u575', 0x0bfa_0000, 'otp'],
  ['stm32u575', 0x7000_0000, 'external-memory'],
])('%s at %i: %s', (id, address, kind) => expect(memoryAt(findChip(id), address).kind).toBe(kind));

test('pieces outside of flash are named one by one', () => {
  const image = [0x0800_0000, 0x0000_0000, 0x1ff0_0000, 0x9000_0000, 0x2000_0000, 0x2400_0000].map(
    (address) => ({ address, length: 16 }),
  );
  expect(() => placeImage(findChip('stm32h743'), image)).toThrow(
    'The image has pieces outside of the flash of stm32h743: 0x00000000 (16 bytes): RAM (ITCM); ' +
      '0x1FF00000 (16 bytes): the ROM bootloader; 0x90000000 (16 bytes): external memory (QUADSPI, OCTOSPI); ' +
      '0x20000000 (16 bytes): RAM (DTCM); and 1 more.',
  );
});
