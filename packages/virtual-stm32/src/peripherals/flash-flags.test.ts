// Flags and locks as the register texts of ST's SVD files have them: the key sequence given twice, a byte
// given twice, the first broken word, reads that protection refuses, requests that exclude each other.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

const keys = [0x4567_0123, 0xcdef_89ab] as const;
const flash = 0x0800_0000;

function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `flags ${id}` });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const base = chip.chip.flashController.registerBase;
  return {
    ...{ chip, probe },
    get: (offset: number) => probe.readWord(base + offset)!,
    set: (offset: number, value: number) => expect(probe.writeWord(base + offset, value)).toBe(true),
  };
}

test.each([
  ['stm32h743', 0x04, 0x0c],
  ['stm32h563', 0x04, 0x28],
] as const)('%s: the keys given to an open lock shut it until a reset', (id, key, control) => {
  const { chip, get, set } = bench(id);
  for (const one of keys) set(key, one);
  expect(get(control) & 1).toBe(0);
  set(key, keys[0]);
  expect(get(control) & 1).toBe(0);
  set(key, keys[1]);
  expect(get(control) & 1).toBe(1);
  for (const one of keys) set(key, one);
  expect(get(control) & 1).toBe(1);
  chip.reset();
  for (const one of keys) set(key, one);
  expect(get(control) & 1).toBe(0);
});

test.each(['stm32f427', 'stm32g0b1', 'stm32l476', 'stm32u575'])(
  '%s: given twice they leave it open',
  (id) => {
    const { chip, get, set } = bench(id);
    const [key, control] = id === 'stm32f427' ? [4, 0x10] : [8, id === 'stm32u575' ? 0x28 : 0x14];
    for (const one of [...keys, ...keys]) set(key, one);
    expect(get(control) >>> 31).toBe(0);
    expect(chip.powered).toBe(true);
  },
);

test.each([
  ['stm32h743', 0x04, 0x0c, 2 | (3 << 4), 0x10],
  ['stm32h563', 0x04, 0x28, 2, 0x20],
] as const)('%s: a byte given twice is STRBERR and is not taken', (id, key, control, program, status) => {
  const { chip, probe, get, set } = bench(id);
  for (const one of keys) set(key, one);
  set(control, program);
  probe.writeWord(flash, 1);
  expect(get(status) & (1 << 19)).toBe(0);
  probe.writeWord(flash, 2);
  expect(get(status) & (1 << 19)).toBe(1 << 19);
  for (let at = 4; at < chip.chip.write.unitBytes; at += 4) probe.writeWord(flash + at, 0);
  while (get(status) & 5);
  expect(probe.readWord(flash)).toBe(1);
});

test('U575: a quad word begins at its start', () => {
  const { get, set, probe } = bench('stm32u575');
  for (const one of keys) set(8, one);
  set(0x28, 1);
  probe.writeWord(flash + 4, 0);
  expect(get(0x20)).toBe((1 << 5) | (1 << 7)); // PGAERR, PGSERR; WDW is 0
});

test.each([
  ['stm32h743', 0x60, 0x14, 0x0400_0000, 32],
  ['stm32l476', 0x18, 0x18, 0x8000_0000, 1],
  ['stm32h563', 0x104, 0x104, 0x8000_0000, 16],
] as const)('%s: the first broken word stays noted until it is cleared', (id, place, clear, bit, step) => {
  const { chip, probe, get, set } = bench(id);
  const { unitBytes } = chip.chip.write;
  for (const at of [1, 2]) {
    chip.powerOn();
    chip.debug.connect();
    chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
    chip.debug.programFlash(flash + at * unitBytes, new Uint8Array(unitBytes));
  }
  chip.powerOn();
  probe.connect();
  for (const at of [1, 2]) expect(chip.judge.isReadable(flash + at * unitBytes, unitBytes)).toBe(false);
  const noted = () => (get(place) & 0xffff) * step;
  probe.readWord(flash + unitBytes);
  probe.readWord(flash + 2 * unitBytes);
  expect(noted()).toBe(unitBytes);
  set(clear, bit);
  probe.readWord(flash + 2 * unitBytes);
  expect(noted()).toBe(2 * unitBytes);
});

test('H743: a read that level 1 refuses is RDPERR of its bank', () => {
  const { chip, probe, get, set } = bench('stm32h743');
  chip.debug.connect();
  chip.debug.writeOptionBytes(
    withOptionField(chip.chip, chip.judge.optionsStored, { name: 'RDP', value: 0xbb }),
  );
  chip.reset();
  set(0x14, 1 << 23); // the core's own fetch was refused too
  expect([get(0x10) & (1 << 23), get(0x110) & (1 << 23)]).toEqual([0, 0]);
  expect(probe.readWord(0x0810_0000)).toBeUndefined();
  expect([get(0x10) & (1 << 23), get(0x110) & (1 << 23)]).toEqual([0, 1 << 23]);
});

test('H563: a bank erase and a sector erase at once is PGSERR; a protected sector holds up a bank', () => {
  const { chip, get, set } = bench('stm32h563');
  for (const one of keys) set(4, one);
  const { operations } = chip.power;
  set(0x28, 4 | 8 | (1 << 5));
  expect(get(0x20)).toBe(1 << 18);
  set(0x30, 1 << 18);
  chip.debug.connect();
  chip.debug.writeOptionBytes(
    withOptionField(chip.chip, chip.judge.optionsStored, { name: 'WRPSG1', value: 0x7fff_ffff }),
  );
  chip.reset();
  for (const one of keys) set(4, one);
  set(0x28, 8 | (1 << 5));
  expect(get(0x20)).toBe(1 << 17); // WRPERR
  expect(chip.power.operations).toBe(operations + 1); // the option bytes alone
});
