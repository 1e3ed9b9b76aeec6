// The example of README.md, as it stands there.

import { readFileSync } from 'node:fs';
import { systemClock } from '@firmseal/link';
import { expect, test } from 'vitest';
import { openChipUart, startInBootloader } from '../test/index.ts';
import { UartBootloader } from './index.ts';

test('the example of the README', async () => {
  const stream = openChipUart(startInBootloader('stm32f427'));
  const bootloader = await UartBootloader.connect({ stream, clock: systemClock });
  await bootloader.erase([0], { timeoutMs: (units) => 3000 * units });
  await bootloader.write(0x08000000, Uint8Array.of(1, 2, 3, 4), { timeoutMs: 1000 });
  const read = await bootloader.read(0x08000000, 4);
  expect(read).toEqual(Uint8Array.of(1, 2, 3, 4));
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n')) expect(ownText).toContain(line.trim());
});
