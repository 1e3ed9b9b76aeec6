// What OpenOCD is refused, and how it lifts the protection: the kept cells of one chip, run again. The session on an open
// chip is of the same kind as src/doors/openocd.openocd.test.ts, which runs on every chip.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { openocdCells } from './openocd-cells.ts';
import { readRecords } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-openocd-cells-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.runIf(hasTool('openocd'))('OpenOCD on stm32f405 does what is kept', async () => {
  const cells = await openocdCells('stm32f405', folder, { refusalsOnly: true });
  const kept = readRecords().flatMap((record) => record.cells);
  const same = kept.filter(({ chip, client }) => chip === 'stm32f405' && client === 'openocd-stlink');
  expect(cells.map(({ operation }) => operation)).toContain('unprotect (level 0)');
  expect(cells).toHaveLength(6);
  expect(same).toEqual(expect.arrayContaining(cells));
});
