// 100 chips with all their doors open in one process stay under 1 GiB; in a sample, 25
// under a quarter of that and Node.

import { expect, test } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { measureFarm } from './virtual-farm.ts';

const count = sampled(100, 25);
const mib = 1024 ** 2;

test(`${count} chips of 2 MiB, every erase unit written, are under ${count * 8 + 200} MiB`, async () => {
  const { chips, rssBytes } = await measureFarm('stm32f427', count);
  expect(chips).toBe(count);
  expect(rssBytes).toBeGreaterThan(count * 2 * mib); // their flash alone: the figure is of the right process
  expect(rssBytes).toBeLessThan((count * 8 + 200) * mib);
});
