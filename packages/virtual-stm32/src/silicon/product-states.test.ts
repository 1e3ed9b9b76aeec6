// STM32H563: product states in place of readout levels, its controller's option bytes, banks and their swap.
// What public sources say and what they do not: docs/virtual-stm32-rules.md.

import { findChip, optionField, withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

const flash = 0x0800_0000;
const base = 0x4002_2000;
const keys = [0x4567_0123, 0xcdef_89ab] as const;
const optionKeys = [0x0819_2a3b, 0x4c5d_6e7f] as const;
const state = {
  open: 0xed,
  provisioning: 0x17,
  tzClosed: 0xc6,
  closed: 0x72,
  locked: 0x5c,
  regression: 0x9a,
};

function bench() {
  const chip = createVirtualChip({ chip: 'stm32h563', seed: 'h5' });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, 1);
  expect(probe.connect()).toBe(0x6ba0_2477);
  return {
    chip,
    probe,
    get: (offset: number) => probe.readWord(base + offset)!,
    set: (offset: number, value: number) => expect(probe.writeWord(base + offset, value)).toBe(true),
    settled(): number {
      while (probe.readWord(base + 0x20)! & 1);
      return probe.readWord(base + 0x20)!;
    },
  };
}

function program(chip: VirtualChip, fields: Readonly<Record<string, number>>) {
  let values = chip.judge.optionsStored;
  for (const [name, value] of Object.entries(fields))
    values = withOptionField(chip.chip, values, { name, value });
  return chip.debug.writeOptionBytes(values);
}

const productState = (chip: VirtualChip) => optionField(chip.chip, chip.judge.optionsStored, 'PRODUCT_STATE');

test('a debugger finds the part behind access port 1', () => {
  const { probe } = bench();
  const { debug, identity } = findChip('stm32h563');
  expect(probe.readWord(debug.dbgmcuAddress)).toBe(debug.idCode);
  expect(probe.readWord(0xe000_ed00)).toBe(0x410f_d214);
  expect(probe.readWord(identity.flashSizeAddress)! & 0xffff).toBe(2048);
});

test('quad words through the buffer; another word begun is INCERR; FW pads', () => {
  const { chip, get, set, settled, probe } = bench();
  expect(get(0x28)).toBe(1); // LOCK
  for (const key of keys) set(0x04, key);
  set(0x28, 2);
  for (let i = 0; i < 3; i++) probe.writeWord(flash + 4 * i, i);
  expect(get(0x20)).toBe(2); // WBNE
  probe.writeWord(flash + 16, 9);
  expect(get(0x20) & (1 << 20)).toBe(1 << 20); // INCERR
  probe.writeWord(flash + 12, 3);
  expect(settled() & ((1 << 16) | 2)).toBe(1 << 16); // EOP
  expect(probe.readWord(flash + 8)).toBe(2);
  set(0x30, 0xffff_0000);
  expect(get(0x20)).toBe(0);
  probe.writeWord(flash + 32, 0x55);
  set(0x28, 2 | (1 << 4)); // FW
  settled();
  expect(chip.judge.flash(flash + 32, 8)).toEqual(Uint8Array.of(0x55, 0, 0, 0, 0xff, 0xff, 0xff, 0xff));
});

test('a group of four sectors is write-protected by one bit', () => {
  const { chip, set, settled } = bench();
  chip.debug.connect();
  expect(program(chip, { WRPSG1: 0xffff_fffd })).toBe('ok');
  chip.reset();
  for (const key of keys) set(0x04, key);
  for (const [sector, refused] of [
    [3, false],
    [4, true],
    [7, true],
    [8, false],
  ] as const) {
    set(0x28, 4 | (sector << 6) | (1 << 5));
    expect([sector, (settled() & (1 << 17)) !== 0]).toEqual([sector, refused]);
    set(0x30, 0xffff_0000);
  }
});

test('option bytes by registers: stored at once, in force after a reset', () => {
  const { chip, get, set, settled } = bench();
  const before = get(0x50);
  for (const key of optionKeys) set(0x0c, key);
  set(0x54, (before ^ (1 << 31)) >>> 0); // SWAP_BANK
  set(0x1c, 2); // OPTSTRT
  settled();
  expect(get(0x50)).toBe(before);
  chip.debug.connect();
  const unit = new Uint8Array(16).fill(0x21);
  expect(chip.debug.programFlash(0x0810_0000, unit)).toBe('ok');
  chip.reset();
  expect(get(0x50)).toBe((before ^ (1 << 31)) >>> 0);
  expect(chip.debug.readMemory(flash, 16)).toEqual(unit); // bank 2 stands first
  expect(chip.judge.flash(0x0810_0000, 16)).toEqual(unit);
});

test('closed: no debugger, always from flash; write protection stands still', () => {
  const { chip, probe, get, set, settled } = bench();
  chip.debug.connect();
  chip.setPin('boot0', true);
  chip.reset();
  for (const key of optionKeys) set(0x0c, key);
  set(0x54, (get(0x54) & ~0xff00) | (state.closed << 8));
  set(0x1c, 2);
  settled();
  expect(probe.readWord(flash)).toBeDefined();
  const starts: string[] = [];
  chip.onEvent = (event) => event.kind === 'started' && starts.push(event.from);
  chip.powerOff();
  chip.powerOn();
  expect(starts).toEqual(['flash']);
  expect(probe.connect()).toBeUndefined();
  expect(chip.debug.connect()).toBe('refused');
  expect(chip.judge.readoutLevel).toBe(1);
});

test('provisioning: the code in flash never runs, a debugger still sees', () => {
  const { chip, probe } = bench();
  chip.debug.connect();
  expect(program(chip, { PRODUCT_STATE: state.provisioning })).toBe('ok');
  const starts: string[] = [];
  chip.onEvent = (event) => event.kind === 'started' && starts.push(event.from);
  chip.reset();
  expect(starts).toEqual(['rom-bootloader']);
  expect(probe.connect()).toBeDefined();
});

test('states go forward; back only by a regression, which erases and ends open', () => {
  const { chip } = bench();
  chip.debug.connect();
  const unit = new Uint8Array(16).fill(0x33);
  chip.debug.programFlash(flash, unit);
  expect(program(chip, { PRODUCT_STATE: 0x11 })).toBe('field-locked'); // no state
  expect(program(chip, { PRODUCT_STATE: state.regression })).toBe('field-locked'); // not from open
  expect(program(chip, { PRODUCT_STATE: state.tzClosed })).toBe('ok');
  chip.reset();
  expect(program(chip, { WRPSG1: 0 })).toBe('field-locked');
  expect(program(chip, { PRODUCT_STATE: state.open })).toBe('field-locked');
  chip.debug.writeMemory(0x2000_0000, unit);
  expect(program(chip, { PRODUCT_STATE: state.regression })).toBe('ok');
  expect(productState(chip)).toBe(state.open);
  expect(chip.judge.flash(flash, 16)).toEqual(new Uint8Array(16).fill(0xff));
  expect(chip.debug.readMemory(0x2000_0000, 16)).toEqual(new Uint8Array(16));
});

test('locked: for good', () => {
  const { chip } = bench();
  chip.debug.connect();
  expect(program(chip, { PRODUCT_STATE: state.locked })).toBe('ok');
  expect(program(chip, { PRODUCT_STATE: state.regression })).toBe('locked');
  chip.reset();
  expect(chip.debug.connect()).toBe('refused');
  expect(chip.judge.readoutLevel).toBe(2);
});

test('closed: code from flash may ask for a regression or for locked, and nothing else moves', () => {
  const asked: (readonly [string, number])[] = [];
  const answers: string[] = [];
  const chip = createVirtualChip({
    ...{ chip: 'stm32h563', seed: 'h5 code' },
    executors: [
      {
        recognizes: (cpu) => cpu.boot.from === 'flash',
        create: () => ({
          start(cpu) {
            for (const [name, value] of asked) {
              const values = withOptionField(cpu.chip, chip.judge.optionsStored, { name, value });
              answers.push(cpu.programOptions(values));
            }
          },
          receive() {},
        }),
      },
    ],
  });
  const ask = (...fields: (readonly [string, number])[]) => {
    asked.splice(0, asked.length, ...fields);
    chip.reset();
    return answers.splice(0);
  };
  chip.powerOn();
  chip.debug.connect();
  chip.debug.programFlash(flash, new Uint8Array(16));
  expect(program(chip, { PRODUCT_STATE: state.closed })).toBe('ok');
  expect(ask(['WRPSG1', 0], ['PRODUCT_STATE', state.open], ['BOR_LEV', 1])).toEqual([
    ...['field-locked', 'field-locked', 'ok'],
  ]);
  expect(chip.debug.connect()).toBe('refused');
  expect(ask(['PRODUCT_STATE', state.regression])).toEqual(['ok']);
  expect(productState(chip)).toBe(state.open);
  expect(chip.judge.flash(flash, 1)).toEqual(Uint8Array.of(0xff));
  expect(ask(['PRODUCT_STATE', state.locked])).toEqual(['ok']);
  expect(ask(['PRODUCT_STATE', state.regression], ['BOR_LEV', 0])).toEqual(['locked', 'locked']);
});
