import { describe, expect, it } from 'vitest';
import { brownOutOptions, changedOptions, defaultOptionValues, findChip, optionField } from './index.ts';

const fieldAfter = (id: string, name: string, leastMillivolts: number) => {
  const chip = findChip(id);
  const before = defaultOptionValues(chip);
  const changes = changedOptions(before, brownOutOptions(chip, leastMillivolts));
  return optionField(chip, new Map([...before, ...changes]), name);
};

describe('the brown-out level of a supply', () => {
  it.each([
    ['stm32f427', 'BOR_LEV', 3000, 0],
    ['stm32f427', 'BOR_LEV', 2600, 1],
    ['stm32h743', 'BOR_LEV', 3000, 3],
    ['stm32g0b1', 'BOR_EN', 3000, 1],
    ['stm32g0b1', 'BORF_LEV', 3000, 3],
    ['stm32g0b1', 'BORR_LEV', 2200, 0],
    ['stm32u575', 'BOR_LEV', 3000, 4],
    ['stm32l476', 'BOR_LEV', 2200, 1],
    ['stm32h563', 'BOR_LEV', 3000, 3],
    ['stm32h563', 'BORH_EN', 2400, 1],
  ])('%s: %s at %i mV is %i', (id, name, leastMillivolts, value) => {
    expect(fieldAfter(id, name, leastMillivolts)).toBe(value);
  });

  it('stays as it is where every level is above the supply', () => {
    expect(brownOutOptions(findChip('stm32f427'), 1800)).toEqual([]);
  });
});
