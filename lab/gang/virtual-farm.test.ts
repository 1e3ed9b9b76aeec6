// 100 chips with all their doors open in one process stay under 1 GiB.

import { expect, test } from 'vitest';
import { measureFarm } from './virtual-farm.ts';

test('100 chips of 2 MiB, every erase unit written, are under 1 GiB', async () => {
  const { chips, rssBytes } = await measureFarm('stm32f427', 100);
  expect(chips).toBe(100);
  expect(rssBytes).toBeGreaterThan(200 * 1024 * 1024); // their flash alone: the figure is of the right process
  expect(rssBytes).toBeLessThan(1024 ** 3);
});
