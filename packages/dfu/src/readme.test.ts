// The example of README.md, as it stands there.

import { readFileSync } from 'node:fs';
import { systemClock } from '@firmseal/link';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { expect, test } from 'vitest';
import { chipUsbPlace } from '../test/index.ts';
import { DfuseBootloader } from './index.ts';

test('the example of the README', async () => {
  const device = await chipUsbPlace(startInBootloader('stm32g0b1')).open();
  const bootloader = await DfuseBootloader.open({ device, clock: systemClock, chip: 'stm32g0b1' });
  await bootloader.erasePage(0x08000000, { timeoutMs: 1000 });
  await bootloader.write(0x08000000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), { timeoutMs: 1000 });
  const read = await bootloader.read(0x08000000, 4);
  expect(read).toEqual(Uint8Array.of(1, 2, 3, 4));
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n')) expect(ownText).toContain(line.trim());
});
