// The judge keeps a flash controller as it stands between two instructions, and puts it back.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

const flash = 0x0800_0000;
const [first, second] = [0x1122_3344, 0x5566_7788];

/** Offsets of key, control and status register; the value of control that programs words. */
test.each([
  ['stm32f427', 0x04, 0x10, 0x0c, 0x201],
  ['stm32h743', 0x04, 0x0c, 0x10, 2],
  ['stm32g0b1', 0x08, 0x14, 0x10, 1],
  ['stm32l476', 0x08, 0x14, 0x10, 1],
  ['stm32u575', 0x08, 0x28, 0x20, 1],
  ['stm32h563', 0x04, 0x28, 0x20, 2],
] as const)('%s: open, in the middle of a word, without errors', (id, key, control, status, programs) => {
  const chip = createVirtualChip({ chip: id, seed: `kept ${id}` });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const { registerBase, keys } = chip.chip.flashController;
  const set = (offset: number, value: number) => probe.writeWord(registerBase + offset, value);
  const registers = () => [control, status].map((offset) => probe.readWord(registerBase + offset)! >>> 0);
  const wordBytes = Math.max(chip.chip.write.unitBytes, 4);
  for (const one of keys) set(key, one);
  set(control, programs);
  // The first store of a word that has more than one: nothing is programmed yet.
  if (wordBytes > 4) probe.writeWord(flash, first);
  const { operations } = chip.power;
  const open = registers();
  const putBack = chip.machine.keepFlashController()!;

  probe.writeWord(flash, 1); // given twice, or another word
  set(control, 0x8000_0001); // shut
  set(key, 0xbad); // and spoilt until a reset
  set(control, programs);
  while (chip.machine.keepFlashController() === undefined) registers();
  expect(registers()).not.toEqual(open);

  putBack();
  expect(registers()).toEqual(open);
  if (wordBytes > 4) expect(chip.power.operations).toBe(operations);
  for (let at = wordBytes > 4 ? 4 : 0; at < wordBytes; at += 4)
    probe.writeWord(flash + 0x20 * Number(wordBytes === 4) + at, second);
  expect(chip.machine.keepFlashController(), 'the word is being programmed').toBeUndefined();
  while (chip.machine.keepFlashController() === undefined) registers();
  const written = wordBytes > 4 ? [first, second] : [second];
  const bytes = chip.judge.flash(flash + 0x20 * Number(wordBytes === 4), wordBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect(written.map((_, i) => view.getUint32(4 * i, true))).toEqual(written);
});
