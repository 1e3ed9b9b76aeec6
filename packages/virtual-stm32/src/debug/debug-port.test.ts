// What somebody with a probe reaches at each level of readout protection, on whole chips.

import { defaultOptionValues, findChip, withOptionField, writeProtecting } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { marker, testFirmware } from '../../test/firmware.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';
import type { CpuPort, ExecutorFactory } from '../firmware/executor.ts';

const ids = ['stm32f427', 'stm32h743'];
const secret = new Uint8Array(32).fill(0xa5);
const place = 0x08040000;
const noFlash = ['bus-fault', 'refused'];

const rdp = (chip: VirtualChip, value: number) =>
  withOptionField(chip.chip, chip.judge.optionsStored, { name: 'RDP', value });

/** Powered chip with firmware and a secret in flash, at that level, its power cycled since. */
function chipAt(
  id: string,
  level: 0 | 1 | 2,
  receive: (cpu: CpuPort) => void = () => {},
  others: readonly ExecutorFactory[] = [],
): VirtualChip {
  const virtual = createVirtualChip({
    chip: id,
    seed: `debug ${id}`,
    executors: [testFirmware({ receive }), ...others],
  });
  virtual.powerOn();
  expect(virtual.debug.connect()).toBe('connected');
  const start = new Uint8Array(32).fill(0xff);
  start.set(marker);
  expect(virtual.debug.programFlash(0x08000000, start)).toBe('ok');
  expect(virtual.debug.programFlash(place, secret)).toBe('ok');
  const { level1, level2 } = virtual.chip.readoutProtection;
  if (level > 0)
    expect(virtual.debug.writeOptionBytes(rdp(virtual, level === 1 ? level1 : level2))).toBe('ok');
  virtual.powerOff();
  virtual.powerOn();
  expect(virtual.running).toBe(true);
  return virtual;
}

test.each(ids)('%s at level 0: everything, from programming to mass erase', (id) => {
  const { debug } = chipAt(id, 0);
  expect(debug.readMemory(place, 32)).toBe('not-connected');
  debug.connect();
  expect(debug.readMemory(place, 32)).toEqual(secret);
  expect(debug.massErase()).toBe('ok');
  expect(debug.readMemory(place, 32)).toEqual(new Uint8Array(32).fill(0xff));
});

test.each(ids)('%s at level 1: flash faults for everybody until power is cycled, RAM is readable', (id) => {
  const reads: unknown[] = [];
  const chip = chipAt(id, 1, (cpu) => reads.push(cpu.readFlash(place, 32)));
  const ram = chip.chip.ram[0]!.addressStart;
  chip.receive(Uint8Array.of(1));
  expect(chip.debug.connect()).toBe('connected');
  chip.receive(Uint8Array.of(1));
  expect(reads).toEqual([secret, 'bus-fault']);
  expect(chip.debug.readMemory(place, 32)).toBe('bus-fault');
  expect(noFlash).toContain(chip.debug.programFlash(place, secret));
  expect(chip.debug.eraseUnit(place)).toBe('refused');
  expect(chip.debug.massErase()).toBe('refused');
  expect(chip.debug.readMemory(ram, 4)).toHaveLength(4);
  expect(chip.debug.writeMemory(ram, Uint8Array.of(1, 2, 3, 4))).toBe('ok');
  expect(chip.debug.readMemory(ram, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
  chip.debug.disconnect();
  chip.reset();
  expect(chip.running).toBe(false);
  chip.powerOff();
  chip.powerOn();
  chip.receive(Uint8Array.of(1));
  expect(reads[2]).toEqual(secret);
  expect(chip.judge.flash(place, 32)).toEqual(secret);
});

test.each(ids)('%s at level 2: the port does not answer and nothing changes any more', (id) => {
  const answers: unknown[] = [];
  const chip = chipAt(id, 2, (cpu) => {
    answers.push(cpu.programOptions(defaultOptionValues(cpu.chip)), cpu.readOption(0) !== undefined);
  });
  expect(chip.debug.connect()).toBe('refused');
  expect(chip.debug.readMemory(place, 32)).toBe('not-connected');
  chip.receive(Uint8Array.of(1));
  expect(answers).toEqual(['locked', true]);
  expect(chip.judge.readoutLevel).toBe(2);
});

test.each(ids)('%s: level 1 to 0 erases main flash and leaves other option bytes', (id) => {
  const chip = chipAt(id, 1);
  chip.debug.connect();
  const unit = chip.chip.flash.eraseUnits[3]!;
  const { register, mask } = writeProtecting(chip.chip, [{ addressStart: unit.addressStart, length: 1 }])[0]!;
  const before = chip.judge.optionsStored.get(register)!;
  const protectedUnit = new Map([[register, before & ~mask]]);
  expect(chip.debug.writeOptionBytes(protectedUnit)).toBe('ok');
  expect(chip.judge.flash(place, 32)).toEqual(secret);
  expect(chip.debug.writeOptionBytes(rdp(chip, 0xaa))).toBe('ok');
  chip.debug.reset();
  expect(chip.judge.readoutLevel).toBe(0);
  expect(chip.debug.readMemory(place, 32)).toEqual(new Uint8Array(32).fill(0xff));
  expect((chip.debug.readOption(register) as number) & mask).toBe(0);
  expect(chip.debug.eraseUnit(unit.addressStart)).toBe('write-protected');
});

test.each(ids)('%s: a level that is stored but not yet in force counts already', (id) => {
  const chip = chipAt(id, 0);
  chip.debug.connect();
  chip.debug.writeOptionBytes(rdp(chip, 0xbb));
  expect(chip.judge.readoutLevel).toBe(0);
  chip.debug.writeOptionBytes(rdp(chip, 0xaa));
  expect(chip.judge.flash(place, 32)).toEqual(new Uint8Array(32).fill(0xff));
  chip.debug.writeOptionBytes(rdp(chip, 0xcc));
  expect(chip.debug.writeOptionBytes(rdp(chip, 0xaa))).toBe('locked');
  expect(chip.debug.writeOptionBytes(rdp(chip, 0xbb))).toBe('locked');
});

test.each(ids)('%s: cut at any moment of a regression, the level falls only after the erase', (id) => {
  const operations = 2;
  let fell = 0;
  for (let operation = 1; operation <= operations; operation++)
    for (const moment of ['before', 'torn', 'after'] as const) {
      const chip = chipAt(id, 1);
      chip.debug.connect();
      const cut = { operation: chip.power.operations + operation, moment };
      chip.power.plan([cut]);
      expect(chip.debug.writeOptionBytes(rdp(chip, 0xaa))).toBe('no-power');
      expect(chip.power.fired).toEqual([cut]);
      chip.powerOn();
      if (chip.judge.readoutLevel === 0) {
        fell++;
        expect(chip.judge.flash(0x08000000, 2097152).every((byte) => byte === 0xff)).toBe(true);
      }
    }
  expect(fell).toBeGreaterThan(0);
});

test.each(ids)('%s: raised levels survive a torn write, and a torn write lowers none', (id) => {
  const outcomes = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const virtual = createVirtualChip({ chip: id, seed: `torn options ${i}` });
    virtual.powerOn();
    virtual.debug.connect();
    virtual.debug.writeOptionBytes(rdp(virtual, 0xbb));
    virtual.powerOff();
    virtual.powerOn();
    virtual.debug.connect();
    virtual.power.plan([{ operation: virtual.power.operations + 1, moment: 'torn' }]);
    expect(virtual.debug.writeOptionBytes(rdp(virtual, 0xcc))).toBe('no-power');
    expect(virtual.power.fired).toHaveLength(1);
    virtual.powerOn();
    outcomes.add(virtual.judge.readoutLevel);
  }
  expect([...outcomes].sort()).toEqual([1, 2]);
});

test('F427: OTP and RAM survive a regression, backup RAM does not', () => {
  const chip = chipAt('stm32f427', 0);
  chip.debug.connect();
  const otp = chip.chip.otp!.addressStart;
  const backup = 0x40024000;
  expect(chip.debug.programFlash(otp, Uint8Array.of(1, 2, 3, 4))).toBe('ok');
  expect(chip.debug.writeMemory(backup, Uint8Array.of(9))).toBe('ok');
  expect(chip.debug.writeMemory(0x20000000, Uint8Array.of(8))).toBe('ok');
  chip.debug.writeOptionBytes(rdp(chip, 0xbb));
  chip.debug.reset();
  expect(chip.debug.readMemory(otp, 4)).toBe('bus-fault');
  expect(chip.debug.programFlash(otp, new Uint8Array(4))).toBe('refused');
  expect(chip.debug.readMemory(backup, 1)).toBe('bus-fault');
  chip.debug.writeOptionBytes(rdp(chip, 0xaa));
  chip.debug.reset();
  expect(chip.debug.readMemory(otp, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(chip.debug.readMemory(backup, 1)).toEqual(Uint8Array.of(0));
  expect(chip.debug.readMemory(0x20000000, 1)).toEqual(Uint8Array.of(8));
});

test.each([0, 1])('H743: a PCROP area with DMEP %i and a regression', (erased) => {
  const chip = chipAt('stm32h743', 0);
  chip.debug.connect();
  let values = rdp(chip, 0xbb);
  for (const [name, value] of [
    ['PROT_AREA_START1', (place - 0x08000000) / 256],
    ['PROT_AREA_END1', (place - 0x08000000) / 256],
    ['DMEP1', erased],
  ] as const)
    values = withOptionField(chip.chip, values, { name, value });
  expect(chip.debug.writeOptionBytes(values)).toBe('ok');
  chip.debug.reset();
  const removal = withOptionField(chip.chip, values, { name: 'PROT_AREA_START1', value: 0xfff });
  expect(chip.debug.writeOptionBytes(removal)).toBe('field-locked');
  const shorter = withOptionField(chip.chip, values, { name: 'PROT_AREA_END1', value: 0x3ff });
  expect(chip.debug.writeOptionBytes(shorter)).toBe('field-locked');
  const longer = withOptionField(chip.chip, values, { name: 'PROT_AREA_END1', value: 0x401 });
  expect(chip.debug.writeOptionBytes(longer)).toBe('ok');
  expect(chip.debug.writeOptionBytes(withOptionField(chip.chip, values, { name: 'RDP', value: 0xaa }))).toBe(
    'ok',
  );
  expect(chip.judge.flash(0x08000000, 4)).toEqual(new Uint8Array(4).fill(0xff));
  expect(chip.judge.flash(place, 32)).toEqual(erased === 1 ? new Uint8Array(32).fill(0xff) : secret);
  const prar = chip.judge.optionsStored.get(1)! & 0x0fff0fff;
  expect(prar === 0xff).toBe(erased === 1);
});

test('F427: SPRMOD turns the meaning of nWRP around and falls only with a regression', () => {
  const chip = chipAt('stm32f427', 0);
  chip.debug.connect();
  const on = withOptionField(chip.chip, chip.judge.optionsStored, { name: 'SPRMOD', value: 1 });
  expect(chip.debug.writeOptionBytes(on)).toBe('ok');
  chip.debug.reset();
  expect(chip.debug.eraseUnit(place)).toBe('write-protected');
  const off = withOptionField(chip.chip, on, { name: 'SPRMOD', value: 0 });
  expect(chip.debug.writeOptionBytes(off)).toBe('field-locked');
  chip.debug.writeOptionBytes(rdp(chip, 0xbb));
  chip.debug.reset();
  expect(chip.debug.writeOptionBytes(withOptionField(chip.chip, off, { name: 'RDP', value: 0xaa }))).toBe(
    'ok',
  );
  chip.debug.reset();
  expect(chip.debug.eraseUnit(place)).toBe('ok');
});

test.each([
  [0, secret],
  [1, 'bus-fault'],
] as const)(
  'F427 at level %i: a program put into RAM and started there reads flash: %s',
  (level, expected) => {
    const loot: unknown[] = [];
    const stub: ExecutorFactory = {
      recognizes: (cpu) => cpu.boot.from === 'ram' && cpu.readRam(cpu.boot.address, 1)[0] === 0x5b,
      create: () => ({
        start: (cpu) => loot.push(cpu.readFlash(place, 32), cpu.eraseUnit(place)),
        receive: () => {},
      }),
    };
    const chip = chipAt('stm32f427', level, () => {}, [stub]);
    chip.debug.connect();
    expect(chip.debug.writeMemory(0x20000000, Uint8Array.of(0x5b))).toBe('ok');
    chip.setPin('boot0', true);
    chip.setPin('boot1', true);
    chip.reset();
    expect(loot).toEqual([expected, level === 0 ? 'ok' : 'refused']);
  },
);

test('a halted CPU takes nothing in; a register that is not there is refused', () => {
  let received = 0;
  const chip = chipAt('stm32f427', 0, () => received++);
  chip.debug.connect();
  chip.debug.halt();
  chip.receive(Uint8Array.of(1));
  expect(received).toBe(0);
  chip.debug.resume();
  chip.receive(Uint8Array.of(1));
  expect(received).toBe(1);
  expect(chip.debug.writeOptionBytes(new Map([[7, 0]]))).toBe('unknown-register');
});

test('unique id and flash size are where the catalogue says; level 2 closes them with the port', () => {
  const chip = chipAt('stm32f427', 1);
  chip.debug.connect();
  const { uniqueIdAddress, flashSizeAddress } = findChip('stm32f427').identity;
  expect(chip.debug.readMemory(uniqueIdAddress, 12)).toEqual(chip.uid);
  expect(chip.debug.readMemory(flashSizeAddress, 2)).toEqual(Uint8Array.of(0x00, 0x08));
  expect(chip.debug.readMemory(0x60000000, 4)).toBe('bus-fault');
});
