// The README's example, run: one chip from personalization to a verified receipt.

import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { createOwner, defaultConditions, installOnChips, personalizeVirtualChip } from './index.ts';

it('installs on one chip and ends in a verified receipt', async () => {
  const content = Uint8Array.from({ length: 5000 }, (_, i) => i & 0xff);
  const bytes = withVectorTable(findChip('stm32f427'), 0x0800_0000, content);
  const image = { format: 'bin' as const, segments: [{ address: 0x0800_0000, bytes }], notes: [] };
  const agentModule = await buildAgent('stm32f427');
  const owner = await createOwner(image, 'stm32f427', defaultConditions);
  const chip = await personalizeVirtualChip(owner, defaultConditions, { index: 0, level: 2, agentModule });
  const sealed = await owner.seal(2);
  const job = await owner.openJob(sealed, 1);
  const kinds: string[] = [];
  const [result] = await installOnChips({
    ...{ owner, conditions: defaultConditions, sealed, job, chips: [chip] },
    onEvent: ({ kind }) => kinds.push(kind),
  });
  await owner.end();
  expect(result?.outcome).toBe('pass');
  expect(kinds).toContain('receipt');
  expect(chip.chip.judge.flash(0x0810_0000, bytes.length)).toEqual(bytes);
});
