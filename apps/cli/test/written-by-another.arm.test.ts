// A chip on which another programmer wrote the exported agent: it makes its identity all the same. A
// simulated core executes every instruction; nothing here ran on silicon.

import { readFileSync } from 'node:fs';
import { bootOptions, changedOptions, findChip, readoutLevel } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import { Chain } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chain = new Chain();
beforeAll(async () => {
  buildShipping();
  await chain.begin();
});
afterAll(() => chain.end());

const blank = (id: string) =>
  createVirtualChip({ chip: id, seed: `machine code chips/${id}`, executors: [machineCode()] });

it('the agent that another programmer wrote from the exported file makes its identity', async () => {
  const [id, facts] = ['stm32h743', findChip('stm32h743')];
  const file = chain.at('agent.hex');
  const { stdout } = await chain.run('agent', 'export', '--chip', id, '--out', file, '--json');
  expect(jsonLines({ stdout })[0]).toMatchObject({ bootOptions: [{ name: 'SWAP_BANK_OPT' }, {}, {}] });

  const chip = blank(`${id}`);
  chip.powerOn();
  chip.debug.connect();
  for (const { address, bytes } of readImage(readFileSync(file), { fileName: file }).segments) {
    const whole = new Uint8Array(Math.ceil(bytes.length / facts.write.unitBytes) * facts.write.unitBytes);
    whole.fill(0xff);
    whole.set(bytes);
    expect(chip.debug.programFlash(address, whole)).toBe('ok');
  }
  const options = new Map(facts.options.registers.map((one) => [one.id, one.defaultValue]));
  expect(chip.debug.writeOptionBytes(changedOptions(options, bootOptions(facts)))).toBe('ok');
  chip.powerOff();

  await chain.personalize(id, { ...(await chain.plugIn(chip)), via: 'written' });
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
});
