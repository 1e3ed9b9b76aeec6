// The example of README.md, as it stands there.

import { readFileSync } from 'node:fs';
import { findChip } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { expect, test } from 'vitest';
import { openUartProgrammer, planFlash, planTexts, readOptionSetting, runPlan } from './index.ts';

test('the example of the README', async () => {
  const chip = findChip('stm32f427');
  const stream = openChipUart(startInBootloader('stm32f427'));
  const programmer = await openUartProgrammer({ chip, stream, clock: systemClock });
  const segments = [{ address: 0x08000000, bytes: Uint8Array.of(1, 2, 3, 4) }];
  const options = [readOptionSetting(chip, 'BOR_LEV=1')];
  const plan = await planFlash(programmer, { segments, options });
  const lines = planTexts(plan);
  await runPlan(programmer, plan);
  expect(lines[1]).toBe('option byte BOR_LEV=0x3 (off) -> 0x1 (level 2)');
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n'))
    if (!line.startsWith('//')) expect(ownText).toContain(line.trim());
});
