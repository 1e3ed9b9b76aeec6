// What a regression of readout protection erases and what it leaves, part by part: RAM that
// is guarded, backup registers, one-time programmable bytes, option bytes; and RAM that
// option bytes let every reset erase.

import { findChip, optionField, withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

function program(chip: VirtualChip, fields: Readonly<Record<string, number>>) {
  let values = chip.judge.optionsStored;
  for (const [name, value] of Object.entries(fields))
    values = withOptionField(chip.chip, values, { name, value });
  return chip.debug.writeOptionBytes(values);
}

function connected(id: string): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `regression ${id}` });
  chip.powerOn();
  chip.debug.connect();
  return chip;
}

const mark = new Uint8Array(16).fill(0x77);
const ids = ['stm32f405', 'stm32f427', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];

test.each(ids)('%s: at level 1 a debugger reaches the RAM that the manual leaves, and no other', (id) => {
  const chip = connected(id);
  const { ram, readoutProtection } = chip.chip;
  program(chip, { [readoutProtection.field]: readoutProtection.level1 });
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
  for (const { addressStart, kind, guarded } of ram) {
    const shut = kind === 'backup' || guarded === true;
    expect([addressStart, chip.debug.writeMemory(addressStart, mark)]).toEqual([
      addressStart,
      shut ? 'bus-fault' : 'ok',
    ]);
    const read = chip.debug.readMemory(addressStart, 16);
    if (shut) expect(read).toBe('bus-fault');
    else expect(read).toEqual(mark);
  }
  expect(ram.some(({ guarded }) => guarded === true)).toBe(id === 'stm32l476' || id === 'stm32u575');
});

test.each(ids)('%s: a regression erases flash and what stands beside it, and leaves the rest', (id) => {
  const chip = connected(id);
  const { ram, flash, otp, write, readoutProtection } = chip.chip;
  const unit = new Uint8Array(write.unitBytes);
  expect(chip.debug.programFlash(flash.addressStart, unit)).toBe('ok');
  if (otp !== undefined) expect(chip.debug.programFlash(otp.addressStart, unit)).toBe('ok');
  for (const { addressStart } of ram) expect(chip.debug.writeMemory(addressStart, mark)).toBe('ok');
  const bor = id === 'stm32g0b1' ? 'BORR_LEV' : 'BOR_LEV';
  expect(program(chip, { [bor]: 1, [readoutProtection.field]: readoutProtection.level1 })).toBe('ok');
  chip.reset();
  expect(program(chip, { [readoutProtection.field]: readoutProtection.level0 })).toBe('ok');
  chip.reset();
  expect(chip.judge.flash(flash.addressStart, 1)).toEqual(Uint8Array.of(0xff));
  for (const { addressStart, erasedByRegression } of ram)
    expect([addressStart, chip.debug.readMemory(addressStart, 16)]).toEqual([
      addressStart,
      erasedByRegression ? new Uint8Array(16) : mark,
    ]);
  if (otp !== undefined) expect(chip.debug.readMemory(otp.addressStart, write.unitBytes)).toEqual(unit);
  expect(optionField(chip.chip, chip.judge.optionsStored, bor)).toBe(1);
});

// RTC_BKP0R or TAMP_BKP0R.
test.each([
  ['stm32h743', 0x5800_4050],
  ['stm32g0b1', 0x4000_b100],
  ['stm32l476', 0x4000_2850],
  ['stm32u575', 0x4600_7d00],
] as const)('%s: backup registers are shut at level 1 and erased by the regression', (id, register) => {
  const chip = connected(id);
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  probe.writeWord(register, 0xcafe_f00d);
  probe.writeWord(register + 4, 0xcafe_f00d);
  chip.reset();
  expect(probe.readWord(register)).toBe(0xcafe_f00d);
  const { level0, level1, field } = chip.chip.readoutProtection;
  program(chip, { [field]: level1 });
  chip.reset();
  expect(probe.readWord(register)).toBe(0);
  program(chip, { [field]: level0 });
  chip.reset();
  expect([probe.readWord(register), probe.readWord(register + 4)]).toEqual([0, 0]);
});

test('F427: backup registers stay open and stay as they are', () => {
  const chip = connected('stm32f427');
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  probe.writeWord(0x4000_2850, 0xcafe_f00d);
  const { level0, level1, field } = chip.chip.readoutProtection;
  program(chip, { [field]: level1 });
  chip.reset();
  expect(probe.readWord(0x4000_2850)).toBe(0xcafe_f00d);
  program(chip, { [field]: level0 });
  chip.reset();
  expect(probe.readWord(0x4000_2850)).toBe(0xcafe_f00d);
});

test.each([
  ['stm32l476', 'SRAM2_RST', 0x1000_0000, 0x2000_0000],
  ['stm32u575', 'SRAM2_RST', 0x2003_0000, 0x2000_0000],
  ['stm32u575', 'SRAM_RST', 0x2004_0000, 0x2003_0000],
  ['stm32h563', 'SRAM2_RST', 0x2004_0000, 0x2000_0000],
] as const)('%s: %s at 0 lets a reset erase that RAM and no other', (id, name, erased, other) => {
  const chip = connected(id);
  const write = () => {
    for (const address of [erased, other]) expect(chip.debug.writeMemory(address, mark)).toBe('ok');
  };
  write();
  chip.reset();
  expect(chip.debug.readMemory(erased, 16)).toEqual(mark);
  expect(program(chip, { [name]: 0 })).toBe('ok');
  chip.reset();
  write();
  chip.reset();
  expect(chip.debug.readMemory(erased, 16)).toEqual(new Uint8Array(16));
  expect(chip.debug.readMemory(other, 16)).toEqual(mark);
});

test('U575: write protection that is locked moves only with a regression, which unlocks it', () => {
  const chip = connected('stm32u575');
  const { level0, level1, field } = chip.chip.readoutProtection;
  expect(program(chip, { WRP1A_PSTRT: 2, WRP1A_PEND: 3, WRP1A_UNLOCK: 0 })).toBe('ok');
  expect(program(chip, { WRP1A_PEND: 4 })).toBe('field-locked');
  expect(program(chip, { WRP1A_UNLOCK: 1 })).toBe('field-locked');
  expect(program(chip, { WRP1B_PSTRT: 9, WRP1B_PEND: 9 })).toBe('ok');
  program(chip, { [field]: level1 });
  chip.reset();
  expect(program(chip, { [field]: level0 })).toBe('ok');
  const stored = chip.judge.optionsStored;
  const values = ['WRP1A_PSTRT', 'WRP1A_PEND', 'WRP1A_UNLOCK'].map((name) =>
    optionField(chip.chip, stored, name),
  );
  expect(values).toEqual([0x7f, 0, 1]);
  expect(optionField(chip.chip, stored, 'WRP1B_PSTRT')).toBe(9);
});

test('F427: a block of OTP is closed by its lock byte', () => {
  const chip = connected('stm32f427');
  const { addressStart, locks } = findChip('stm32f427').otp!;
  expect(locks).toEqual({ offset: 512, blockBytes: 32 });
  expect(chip.debug.programFlash(addressStart + 32, Uint8Array.of(1, 2, 3, 4))).toBe('ok');
  expect(chip.debug.programFlash(addressStart + 512, Uint8Array.of(0xff, 0, 0xff, 0xff))).toBe('ok');
  expect(chip.debug.programFlash(addressStart + 36, new Uint8Array(4))).toBe('write-protected');
  expect(chip.debug.programFlash(addressStart, new Uint8Array(4))).toBe('ok');
});

test('G0B1: a double word of OTP takes one program, not even zeros after it', () => {
  const chip = connected('stm32g0b1');
  const { addressStart } = findChip('stm32g0b1').otp!;
  const before = chip.clock.nowUs;
  expect(chip.debug.programFlash(addressStart, new Uint8Array(8).fill(0xfe))).toBe('ok');
  expect(chip.clock.nowUs - before).toBe(85);
  expect(chip.debug.programFlash(addressStart, new Uint8Array(8))).toBe('not-erased');
  expect(chip.debug.readMemory(addressStart, 8)).toEqual(new Uint8Array(8).fill(0xfe));
});
