// Attackers in machine code: a program in SRAM, loaded through the debug port, that copies flash
// out. What it gets at each readout level is RM0090 3.7.3: all at level 0, bus errors at level 1
// while a debugger is there, and at level 2 nobody can load it. The program is the same bytes each
// time; only the option bytes differ.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { TestDebugger } from '../../test/debugger.ts';
import { build, buildPanel, elfSegments, programSegments, workFolder } from '../../test/machine-code.ts';
import { createVirtualChip } from '../chip/factory.ts';
import { machineCode } from '../firmware/machine-code.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

/** Copies 256 bytes from flash to RAM, marks its end, stops at a breakpoint. */
const dumper = `
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .global start
start:
  ldr r0, =0x08000000
  ldr r1, =0x20002000
  movs r2, #64
1: ldr r3, [r0]
  str r3, [r1]
  adds r0, #4
  adds r1, #4
  subs r2, #1
  bne 1b
  ldr r3, =0x600d600d
  str r3, [r1]
  bkpt #0
`;
const codeAt = 0x2000_0000;
const copiedTo = 0x2000_2000;
const done = 0x600d_600d;

function assemble(source: string): Uint8Array<ArrayBuffer> {
  const folder = workFolder();
  writeFileSync(join(folder, 'program.S'), source);
  const address = `-Wl,-Ttext=0x${codeAt.toString(16)}`;
  const common = ['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-e,start', '-Wl,-n'];
  build('arm-none-eabi-gcc', [...common, address, 'program.S', '-o', 'program.elf'], folder);
  const [segment] = elfSegments(readFileSync(join(folder, 'program.elf')));
  const padded = new Uint8Array(Math.ceil(segment!.bytes.length / 4) * 4);
  padded.set(segment!.bytes);
  return padded;
}

/**
 * A chip with the panel in flash at a readout level that is in force, freshly powered
 * on, and its log of the link.
 */
function lockedChip(level: 0 | 1 | 2) {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: `attack ${level}`, executors: [machineCode()] });
  programSegments(chip, buildPanel('panel.elf'));
  chip.powerOn();
  chip.debug.connect();
  const { readoutProtection } = chip.chip;
  const value = { 0: readoutProtection.level0, 1: readoutProtection.level1, 2: readoutProtection.level2 }[
    level
  ];
  const options = withOptionField(chip.chip, chip.judge.optionsStored, {
    name: readoutProtection.field,
    value,
  });
  expect(chip.debug.writeOptionBytes(options)).toBe('ok');
  chip.powerOff();
  let said = '';
  chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  chip.powerOn();
  expect(said).toContain('self-test passed'); // the firmware runs at any level while nobody looks
  expect(chip.judge.readoutLevel).toBe(level);
  return { chip, debugger: new TestDebugger(chip.machine.debugPort) };
}

test.skipIf(!canBuild)('level 0: the program copies the flash', () => {
  const { chip, debugger: probe } = lockedChip(0);
  expect(probe.connect()).toBe(0x2ba0_1477);
  expect(probe.start({ code: assemble(dumper), address: codeAt, stack: 0x2000_8000 })).toBe(true);
  expect(probe.isHalted).toBe(true);
  expect(probe.readWord(copiedTo + 256)).toBe(done);
  expect(probe.readBytes(copiedTo, 256)).toEqual(new Uint8Array(chip.judge.flash(0x0800_0000, 256)));
});

test.skipIf(!canBuild)(
  'level 1: its first read of flash is a bus fault, and the handler is in flash too',
  () => {
    const { chip, debugger: probe } = lockedChip(1);
    expect(probe.connect()).toBe(0x2ba0_1477);
    expect(probe.readWord(0x0800_0000)).toBeUndefined(); // the debugger itself: RM0090 3.7.3
    expect(probe.start({ code: assemble(dumper), address: codeAt, stack: 0x2000_8000 })).toBe(true);
    probe.isHalted; // gives the core its time
    expect(chip.machine.processor.lockedUp).toBe(true);
    expect(probe.halt()).toBe(true);
    expect(probe.readWord(copiedTo + 256)).not.toBe(done);
    const copied = probe.readBytes(copiedTo, 256)!;
    const flash = chip.judge.flash(0x0800_0000, 256);
    expect(copied.filter((byte, i) => byte === flash[i]).length).toBeLessThan(32); // chance, not content
  },
);

test.skipIf(!canBuild)(
  'level 1: with its own fault handler in SRAM the program survives, and still has nothing',
  () => {
    const { chip, debugger: probe } = lockedChip(1);
    probe.connect();
    const stubborn = dumper.replace(
      'start:',
      `start:
  ldr r0, =vectors
  ldr r1, =0xe000ed08
  str r0, [r1]
  b begin
  .pool
  .balign 1024
vectors: .word 0x20008000, start + 1, 0, fault + 1
fault:
  ldr r1, =0x20002100
  ldr r3, =0xbadc0de5
  str r3, [r1]
  bkpt #1
begin:`,
    );
    expect(probe.start({ code: assemble(stubborn), address: codeAt, stack: 0x2000_8000 })).toBe(true);
    expect(probe.isHalted).toBe(true);
    expect(probe.readWord(copiedTo + 256)).toBe(0xbadc_0de5); // its handler ran: the fault was a real one
    expect(probe.readWord(copiedTo)).not.toBe(
      new DataView(chip.judge.flash(0x0800_0000, 4).buffer).getUint32(0, true),
    );
  },
);

test.skipIf(!canBuild)('level 1: SRAM is readable, as on silicon', () => {
  const { chip, debugger: probe } = lockedChip(1);
  probe.connect();
  probe.halt();
  expect(probe.readBytes(0x2000_0000, 64)).toEqual(new Uint8Array(chip.judge.ram(0x2000_0000, 64)));
});

test.skipIf(!canBuild)('level 2: nothing answers, and nothing can be loaded', () => {
  const { debugger: probe } = lockedChip(2);
  expect(probe.connect()).toBeUndefined();
  expect(probe.start({ code: assemble(dumper), address: codeAt, stack: 0x2000_8000 })).toBe(false);
  expect(probe.readWord(codeAt)).toBeUndefined();
});
