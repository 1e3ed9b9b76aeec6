// What is seen at address 0: what was booted, then what SYSCFG chooses. RM0090 2.4 and
// 9.2.1, RM0351 2.6, RM0444 2.5.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

const mark = 0x600d_c0de;
const inRam = 0x0bad_cafe;

// Where MEM_MODE stands, and the option field whose 0 makes a high BOOT0 mean SRAM; F4 has a pin for it.
const families = [
  ['stm32f405', 0x4001_3800, undefined],
  ['stm32f427', 0x4001_3800, undefined],
  ['stm32l476', 0x4001_0000, 'nBOOT1'],
  ['stm32g0b1', 0x4001_0000, 'nBOOT1'],
] as const;

function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: 'alias' });
  chip.powerOn();
  chip.debug.connect();
  const unit = new Uint8Array(chip.chip.write.unitBytes).fill(0xff);
  new DataView(unit.buffer).setUint32(0, mark, true);
  expect(chip.debug.programFlash(chip.chip.flash.addressStart, unit)).toBe('ok');
  chip.powerOff();
  chip.powerOn(); // the empty check of G0 looks again
  chip.debug.connect();
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  return { chip, probe };
}

test.each(families)('%s: the alias follows the boot source', (id, _, field) => {
  const { chip, probe } = bench(id);
  const ram = chip.chip.ram[0]!.addressStart;
  expect(probe.readWord(0)).toBe(mark);
  if (id === 'stm32g0b1') {
    const options = new Map(chip.judge.optionsStored);
    options.set(0, options.get(0)! & ~(1 << 24)); // nBOOT_SEL 0: the pin
    chip.debug.writeOptionBytes(options);
  }
  chip.setPin('boot0', true);
  chip.reset();
  expect(probe.readWord(0)).toBe(0xffff_ffff); // system memory, which is not known
  expect(probe.readWord(chip.chip.flash.addressStart)).toBe(mark);
  if (field === undefined) chip.setPin('boot1', true);
  else {
    const bit = id === 'stm32g0b1' ? 25 : 23;
    const options = new Map(chip.judge.optionsStored);
    options.set(0, options.get(0)! & ~(1 << bit));
    chip.debug.writeOptionBytes(options);
  }
  chip.reset();
  probe.writeWord(ram + 8, inRam);
  expect(probe.readWord(8)).toBe(inRam);
  probe.writeWord(12, mark);
  expect(probe.readWord(ram + 12)).toBe(mark);
});

test.each(families)('%s: MEM_MODE chooses, for the core as well', (id, register) => {
  const { chip, probe } = bench(id);
  const ram = chip.chip.ram[0]!.addressStart;
  probe.writeWord(ram, inRam);
  expect(probe.readWord(register)! & 3).toBe(0);
  probe.writeWord(register, 3);
  expect(probe.readWord(register)! & 3).toBe(3);
  expect(probe.readWord(0)).toBe(inRam);
  expect(chip.machine.processor.core.readUint32(0)).toBe(inRam);
  probe.writeWord(register, 0);
  expect(probe.readWord(0)).toBe(mark);
  expect(chip.machine.processor.core.readUint32(0)).toBe(mark);
  probe.writeWord(register, 3);
  chip.reset();
  expect(probe.readWord(0)).toBe(mark);
});

test('G0B1: FLASH_ACR shows what the empty check found; software can change it for the next reset', () => {
  const chip = createVirtualChip({ chip: 'stm32g0b1', seed: 'empty' });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  const starts: string[] = [];
  chip.onEvent = (event) => event.kind === 'started' && starts.push(event.from);
  const accessControl = 0x4002_2000;
  expect(probe.readWord(accessControl)! & (1 << 16)).toBe(1 << 16);
  chip.reset();
  probe.writeWord(accessControl, 0x600);
  expect(probe.readWord(accessControl)! & (1 << 16)).toBe(0);
  chip.reset();
  expect(starts).toEqual(['rom-bootloader', 'flash']);
});

test('H743 has memory of its own at 0', () => {
  const { probe } = bench('stm32h743');
  probe.writeWord(0, inRam); // ITCM
  expect(probe.readWord(0)).toBe(inRam);
});
