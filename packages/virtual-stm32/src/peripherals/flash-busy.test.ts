// Time of flash operations as software meets it: busy while one runs, who waits for it, two banks at once,
// and what a reset or the loss of power in the middle leaves.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

const keys = [0x4567_0123, 0xcdef_89ab] as const;
const flash = 0x0800_0000;

function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `busy ${id}` });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const base = chip.chip.flashController.registerBase;
  const get = (offset: number) => probe.readWord(base + offset)!;
  const set = (offset: number, value: number) => expect(probe.writeWord(base + offset, value)).toBe(true);
  const timed = (action: () => void) => {
    const before = chip.clock.nowUs;
    action();
    return chip.clock.nowUs - before;
  };
  return { chip, probe, get, set, timed };
}

// Where each family has its key, status and control registers, its busy bits, and how
// a page of bank 2 is erased.
const families = [
  { id: 'stm32f427', key: 0x04, status: 0x0c, control: 0x10, busy: 1 << 16, erase: 0x0001_0282, us: 250_000 },
  {
    id: 'stm32g0b1',
    ...{ key: 0x08, status: 0x10, control: 0x14, busy: 6 << 16, erase: 0x0001_2002, us: 22_000 },
  },
  {
    id: 'stm32l476',
    ...{ key: 0x08, status: 0x10, control: 0x14, busy: 1 << 16, erase: 0x0001_0802, us: 22_020 },
  },
  {
    id: 'stm32u575',
    ...{ key: 0x08, status: 0x20, control: 0x28, busy: 1 << 16, erase: 0x0001_0802, us: 1500 },
  },
  { id: 'stm32h563', key: 0x04, status: 0x20, control: 0x28, busy: 1, erase: 0x8000_0024 | 0, us: 1500 },
] as const;

test.each(families)('$id: an erase is busy for $us us, then done, and nothing else took time', (family) => {
  const { chip, get, set, timed } = bench(family.id);
  const bank2 = flash + chip.chip.flash.sizeBytes / 2;
  chip.debug.connect();
  const unit = new Uint8Array(chip.chip.write.unitBytes);
  expect(chip.debug.programFlash(bank2, unit)).toBe('ok');
  for (const key of keys) set(family.key, key);
  expect(timed(() => set(family.control, family.erase >>> 0))).toBe(0);
  expect(chip.judge.flash(bank2, 1)).toEqual(Uint8Array.of(0)); // not yet
  let looks = 0;
  const us = timed(() => {
    while (get(family.status) & family.busy) looks++;
  });
  expect(us).toBeCloseTo(family.us, 3);
  expect(looks).toBeGreaterThanOrEqual(2);
  expect(chip.judge.flash(bank2, 1)).toEqual(Uint8Array.of(0xff));
});

test.each(families)('$id: a read of the bank that works waits, one of the other does not', (family) => {
  const { chip, probe, set, timed } = bench(family.id);
  for (const key of keys) set(family.key, key);
  set(family.control, family.erase >>> 0);
  expect(timed(() => expect(probe.readWord(flash)).toBe(0xffff_ffff))).toBe(0);
  const bank2 = flash + chip.chip.flash.sizeBytes / 2;
  expect(timed(() => probe.readWord(bank2))).toBeCloseTo(family.us, 3);
});

test.each(families)('$id: the control register waits for what runs', (family) => {
  const { set, timed } = bench(family.id);
  for (const key of keys) set(family.key, key);
  set(family.control, family.erase >>> 0);
  expect(timed(() => set(family.control, 0))).toBeCloseTo(family.us, 3);
});

test('H743: both banks erase at once, each with its own busy bits', () => {
  const { chip, get, set, timed } = bench('stm32h743');
  for (const at of [0, 0x100]) {
    for (const key of keys) set(at + 0x04, key);
    set(at + 0x0c, 4 | (3 << 4) | (1 << 7)); // SER, x64, START, sector 0
  }
  expect([get(0x10) & 5, get(0x110) & 5]).toEqual([5, 5]); // BSY and QW
  const us = timed(() => {
    while ((get(0x10) | get(0x110)) & 5);
  });
  const sectorUs = chip.chip.timing.erase.get(131072)!.x64!.typicalUs;
  expect(us).toBeLessThanOrEqual(sectorUs);
  expect(get(0x10) & get(0x110) & (1 << 16)).toBe(1 << 16); // EOP
});

test.each([
  ['stm32f427', 0x04, 0x10, 0x8201 | 4, 8_000_000], // MER and MER1: not one sector after the other
  ['stm32l476', 0x08, 0x14, 0x8004, 22_130],
] as const)('%s: a mass erase is one operation', (id, key, control, bits, us) => {
  const { chip, probe, set, timed } = bench(id);
  for (const one of keys) set(key, one);
  const { operations } = chip.power;
  set(control, (bits & ~1) | (1 << 16));
  expect(chip.power.operations - operations).toBe(1);
  expect(timed(() => probe.readWord(flash))).toBeGreaterThan(us * 0.9);
});

test.each(['stm32g0b1', 'stm32l476'])('%s: a reset in the middle tears the operation', (id) => {
  const torn = new Set<string>();
  for (let round = 0; round < 8; round++) {
    const chip = createVirtualChip({ chip: id, seed: `torn ${round}` });
    chip.powerOn();
    const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
    probe.connect();
    const base = chip.chip.flashController.registerBase;
    for (const key of keys) probe.writeWord(base + 0x08, key);
    probe.writeWord(base + 0x14, 1);
    probe.writeWord(flash, 0);
    probe.writeWord(flash + 4, 0);
    chip.reset();
    torn.add(Buffer.from(chip.judge.flash(flash, 8)).toString('hex'));
    expect(chip.judge.isReadable(flash, 8)).toBe(false);
  }
  expect(torn.size).toBe(8);
  expect(torn.has('0'.repeat(16))).toBe(false);
});

test('the loss of power tears what runs, and a cut after an operation leaves it whole', () => {
  const { chip, probe, set } = bench('stm32l476');
  for (const key of keys) set(0x08, key);
  set(0x14, 1);
  probe.writeWord(flash, 0);
  probe.writeWord(flash + 4, 0);
  chip.powerOff();
  expect(chip.judge.isReadable(flash, 8)).toBe(false);
  chip.powerOn();
  probe.connect();
  for (const key of keys) set(0x08, key);
  set(0x14, 1);
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'after' }]);
  probe.writeWord(flash + 8, 0x55);
  probe.writeWord(flash + 12, 0x55);
  expect(chip.power.fired).toHaveLength(1);
  expect(chip.judge.flash(flash + 8, 8)).toEqual(Uint8Array.of(0x55, 0, 0, 0, 0x55, 0, 0, 0));
  expect(chip.judge.isReadable(flash + 8, 8)).toBe(true);
});

const optionKeys = [0x0819_2a3b, 0x4c5d_6e7f] as const;

// Where option bytes are started, the register with the brown-out level, and what tells that they are done.
const optionStarts = [
  ['stm32f427', [0x08], 0x14, 4, 0x14, 2, 0x0c, 1 << 16],
  ['stm32h743', [0x08], 0x20, 4, 0x18, 2, 0x1c, 1],
  ['stm32g0b1', [0x08, 0x0c], 0x20, 1 << 9, 0x14, 1 << 17, 0x10, 6 << 16],
  ['stm32l476', [0x08, 0x0c], 0x20, 1 << 8, 0x14, 1 << 17, 0x10, 1 << 16],
  ['stm32u575', [0x08, 0x10], 0x40, 1 << 8, 0x28, 1 << 17, 0x20, 1 << 16],
  ['stm32h563', [0x0c], 0x54, 1, 0x1c, 2, 0x20, 1],
] as const;

test.each(optionStarts)(
  '%s: option bytes last; a reset in the middle never lowers protection',
  (id, locks, register, bit, control, start, status, busy) => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const chip = createVirtualChip({ chip: id, seed: `options ${round}` });
      chip.powerOn();
      const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
      probe.connect();
      const base = chip.chip.flashController.registerBase;
      locks.forEach((at, i) => {
        const option = i === locks.length - 1;
        for (const key of option ? optionKeys : keys) probe.writeWord(base + at, key);
      });
      const before = chip.judge.optionsStored;
      probe.writeWord(
        base + register,
        (probe.readWord(base + register)! ^ bit) & (control === register ? ~1 : ~0),
      );
      const old = control === register ? probe.readWord(base + control)! : 0;
      const begin = chip.clock.nowUs;
      probe.writeWord(base + control, (old | start) >>> 0);
      expect(chip.clock.nowUs).toBe(begin);
      expect(chip.judge.optionsStored).toEqual(before);
      if (round > 0) {
        chip.reset();
        outcomes.add(chip.judge.readoutLevel === 0 ? 'open' : 'level 1');
        continue;
      }
      while (probe.readWord(base + status)! & busy);
      expect(chip.clock.nowUs - begin).toBeCloseTo(chip.chip.timing.optionProgram.typicalUs, 3);
      expect(chip.judge.optionsStored).not.toEqual(before);
    }
    expect(outcomes).toEqual(new Set(['open', id === 'stm32h563' ? 'open' : 'level 1']));
  },
);
