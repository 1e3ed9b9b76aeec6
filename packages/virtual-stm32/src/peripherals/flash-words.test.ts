// Words that take one program: PROGERR and what it leaves, all zeros, rows and bursts, and what a broken code
// does to the core. RM0351 3.3.2, 3.3.7; RM0444 3.3.2, 3.3.8; RM0456 7.3.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

const keys = [0x4567_0123, 0xcdef_89ab] as const;
const flash = 0x0800_0000;
const progerr = 8;
const pgserr = 1 << 7;
const rowErrors = (1 << 5) | (1 << 7) | (1 << 9); // PGAERR, PGSERR, FASTERR

function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `words ${id}` });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  const base = chip.chip.flashController.registerBase;
  const u5 = id === 'stm32u575';
  const [status, control] = u5 ? [0x20, 0x28] : [0x10, 0x14];
  const set = (offset: number, value: number) => expect(probe.writeWord(base + offset, value)).toBe(true);
  for (const key of keys) set(0x08, key);
  return {
    ...{ chip, probe, set, control, status },
    ecc: u5 ? 0x30 : 0x18,
    get: (offset: number) => probe.readWord(base + offset)!,
    /** Status when nothing runs, cleared. */
    take(): number {
      while (probe.readWord(base + status)! & (7 << 16));
      const value = probe.readWord(base + status)!;
      set(status, 0xffff);
      return value;
    },
    write(address: number, length: number, value: number): void {
      for (let i = 0; i < length; i += 4) probe.writeWord(address + i, value);
    },
  };
}

const onces = ['stm32g0b1', 'stm32l476', 'stm32u575'] as const;

test.each(onces)('%s: a second program is refused and leaves the word; all zeros go through', (id) => {
  const { chip, set, control, take, write } = bench(id);
  const { unitBytes } = chip.chip.write;
  set(control, 1);
  write(flash, unitBytes, 0x1234_5678);
  expect(take()).toBe(0);
  const { operations } = chip.power;
  write(flash, unitBytes, 0x1234_5670);
  expect(take()).toBe(progerr | pgserr);
  expect(chip.power.operations).toBe(operations);
  expect(chip.judge.flash(flash, 4)).toEqual(Uint8Array.of(0x78, 0x56, 0x34, 0x12));
  expect(chip.judge.isReadable(flash, unitBytes)).toBe(true);
  write(flash, unitBytes, 0);
  expect(take()).toBe(0);
  expect(chip.judge.flash(flash, unitBytes)).toEqual(new Uint8Array(unitBytes));
  expect(chip.judge.isReadable(flash, unitBytes)).toBe(true);
});

test.each(onces)('%s: a word of ones counts as programmed', (id) => {
  const { chip, set, control, take, write } = bench(id);
  set(control, 1);
  write(flash, chip.chip.write.unitBytes, 0xffff_ffff);
  expect(take()).toBe(0);
  write(flash, chip.chip.write.unitBytes, 1);
  expect(take()).toBe(progerr | pgserr);
});

test.each(onces)('%s: a broken word is delivered, noted, and an interrupt that cannot be masked', (id) => {
  const { chip, probe, get, set, control, ecc, write } = bench(id);
  const { unitBytes } = chip.chip.write;
  set(control, 1);
  write(flash + unitBytes, unitBytes, 0);
  chip.reset(); // in the middle
  expect(chip.judge.isReadable(flash + unitBytes, unitBytes)).toBe(false);
  const { core } = chip.machine.processor;
  expect([get(ecc) >>> 31, core.pendingNMI]).toEqual([0, false]);
  const cells = chip.judge.flash(flash + unitBytes, 4);
  expect(probe.readWord(flash + unitBytes)).toBe(new DataView(cells.buffer).getUint32(0, true));
  const { stepBytes } = { stm32g0b1: { stepBytes: 8 } }[id as string] ?? { stepBytes: 1 };
  expect(get(ecc)).toBe((0x8000_0000 | (unitBytes / stepBytes)) >>> 0);
  expect(core.pendingNMI).toBe(true);
  probe.writeWord(chip.chip.flashController.registerBase + ecc, 0x8000_0000);
  expect(get(ecc) >>> 31).toBe(0);
});

test('H743: a broken word is a bus fault and no interrupt', () => {
  const { chip, probe } = bench('stm32h743');
  chip.debug.connect();
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
  chip.debug.programFlash(flash, new Uint8Array(32));
  chip.powerOn();
  probe.connect();
  expect(chip.judge.isReadable(flash, 32)).toBe(false);
  expect(probe.readWord(flash)).toBeUndefined();
  expect(chip.machine.processor.core.pendingNMI).toBe(false);
});

test.each([
  ['stm32g0b1', 1 << 18, 256, 2 | (1 << 16), 'row'],
  ['stm32l476', 1 << 18, 256, 4 | (1 << 16), 'row'],
  ['stm32u575', 1 << 14, 128, 2 | (1 << 16), 'burst'],
] as const)('%s: a row or burst is one operation with its own time', (id, fast, bytes, erase, mode) => {
  const { chip, probe, set, control, take, write } = bench(id);
  set(control, erase);
  take();
  const { operations } = chip.power;
  set(control, fast | (id === 'stm32u575' ? 1 : 0));
  write(flash, bytes, 0x1122_3344);
  const before = chip.clock.nowUs;
  expect(take()).toBe(0);
  expect(chip.clock.nowUs - before).toBeCloseTo(chip.chip.timing.program[mode]!.typicalUs, 3);
  expect(chip.power.operations - operations).toBe(1);
  expect(probe.readWord(flash + bytes - 4)).toBe(0x1122_3344);
  expect(chip.judge.isReadable(flash, bytes)).toBe(true);
});

test.each(['stm32g0b1', 'stm32l476'])(
  '%s: rows only where something was erased, in order, to the end',
  (id) => {
    const { chip, set, control, take, write } = bench(id);
    const fast = 1 << 18;
    set(control, fast);
    write(flash, 4, 0);
    expect(take()).toBe(rowErrors);
    set(control, id === 'stm32g0b1' ? 2 | (1 << 16) : 4 | (1 << 16)); // page 0 of bank 1, or bank 1
    take();
    set(control, fast);
    write(flash + 8, 4, 0); // not at the start of the row
    expect(take()).toBe(rowErrors);
    write(flash, 8, 0);
    set(control, 0); // given up
    expect(take()).toBe((1 << 8) | pgserr); // MISERR
    set(control, fast);
    write(flash + 0x800, 4, 0); // the next page
    expect(take()).toBe(id === 'stm32g0b1' ? rowErrors : 0);
    expect(chip.judge.flash(flash, 16)).toEqual(new Uint8Array(16).fill(0xff));
  },
);
