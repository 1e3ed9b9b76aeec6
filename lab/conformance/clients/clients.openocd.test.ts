// What OpenOCD is refused, and how it lifts the protection: the kept cells of one chip, run again. The
// session on an open chip is of the same kind as src/doors/openocd.openocd.test.ts, which runs on every chip.

import { expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { onStlink, openocdCells } from './openocd-cells.ts';
import { readRecord } from './records.ts';

test.runIf(hasTool('openocd'))('OpenOCD on stm32f405 does what is kept', async () => {
  const cells = await openocdCells('stm32f405', 'openocd-stlink', { run: onStlink, refusalsOnly: true });
  const same = readRecord().cells.filter(
    ({ chip, client }) => chip === 'stm32f405' && client === 'openocd-stlink',
  );
  expect(cells.map(({ operation }) => operation)).toContain('unprotect (level 0)');
  expect(cells).toHaveLength(6);
  expect(same).toEqual(expect.arrayContaining(cells));
});
