import { findChip } from '@firmseal/chips';
import { expect, it } from 'vitest';
import type { Area } from './areas.ts';
import { checkTrialRoom } from './trial-room.ts';

const firmware = (address: number, lengthBytes: number): Area => ({ kind: 'firmware', address, lengthBytes });
const trial = { interruption: 'trial' } as const;

it('leaves firmware alone that is small, on another bank, or not on trial', () => {
  const [f427, h743] = [findChip('stm32f427'), findChip('stm32h743')];
  checkTrialRoom(trial, [firmware(0x08040000, 0xc0000)], [f427]);
  checkTrialRoom(trial, [firmware(0x08100000, 0x20)], [f427]);
  checkTrialRoom(trial, [firmware(0x08000000, 0xa0000)], [h743]);
  checkTrialRoom({ interruption: 'resume' }, [firmware(0x08000000, 0x160000)], [h743]);
});

it('names what is left free where another of the size has no place', () => {
  const h743 = findChip('stm32h743');
  expect(() => checkTrialRoom(trial, [firmware(0x08000000, 0xc0000)], [h743])).toThrow(
    '0x080C0000..0x0815FFFF',
  );
  // In the middle: neither side has room.
  expect(() => checkTrialRoom(trial, [firmware(0x08060000, 0xa0000)], [h743])).toThrow(
    '0x08000000..0x0805FFFF, 0x08100000..0x0815FFFF',
  );
});

it('asks for whole erase units, and for at most four areas', () => {
  const g0 = findChip('stm32g0b1');
  const pages = Array.from({ length: 5 }, (_, i) => firmware(0x0802d000 + 0x800 * i, 32));
  checkTrialRoom(trial, pages.slice(0, 4), [g0]);
  expect(() => checkTrialRoom(trial, pages, [g0])).toThrow('at most 4 areas');
});
