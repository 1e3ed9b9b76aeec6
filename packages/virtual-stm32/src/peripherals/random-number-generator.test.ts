import { expect, test } from 'vitest';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RandomNumberGenerator } from './random-number-generator.ts';

const nobody = {} as MemoryAccess;
const place = { control: 0, status: 4, data: 8, noise: 0x0c, health: 0x10 };
const enable = 4;
const conditioningReset = 0x4000_0000;

function generator(isConfigured: boolean) {
  let next = 0;
  const rng = new RandomNumberGenerator(0x420c_0800, () => ++next, isConfigured);
  const write = (offset: number, value: number) => rng.writeRegister(offset, value, nobody);
  return { rng, write, read: (offset: number) => rng.readRegister(offset) };
}

test('gives words while it is on', () => {
  const { write, read } = generator(false);
  expect([read(place.status), read(place.data)]).toEqual([0, 0]);
  write(place.control, enable);
  expect([read(place.status), read(place.data), read(place.data)]).toEqual([1, 1, 2]);
});

test('a seed error of the plain generator ends when it is switched off', () => {
  const { rng, write, read } = generator(false);
  write(place.control, enable);
  rng.fail();
  write(place.status, 0);
  expect(read(place.status)).toBe(4 | 1);
  write(place.control, 0);
  write(place.control, enable);
  expect(read(place.status)).toBe(1);
});

test('the later one takes its configuration with CONDRST only, and gives no word meanwhile', () => {
  const { write, read } = generator(true);
  const [config, health] = [0x00f0_0d00, 0xa2b0];
  write(place.control, config);
  write(place.health, health);
  expect([read(place.control), read(place.health)]).toEqual([0, 0]);
  write(place.control, conditioningReset | config);
  write(place.health, health);
  write(place.control, conditioningReset | config | enable);
  expect(read(place.status)).toBe(0);
  write(place.control, config);
  write(place.control, enable);
  expect([read(place.control), read(place.health), read(place.status)]).toEqual([config | enable, health, 1]);
});

test('a seed error of the later one ends with a reset of its conditioning, not by switching it off', () => {
  const { rng, write, read } = generator(true);
  write(place.control, enable);
  rng.fail();
  write(place.status, 0);
  write(place.control, 0);
  write(place.control, enable);
  expect(read(place.status)).toBe(4 | 1);
  write(place.control, conditioningReset);
  write(place.control, enable);
  expect(read(place.status)).toBe(1);
});
