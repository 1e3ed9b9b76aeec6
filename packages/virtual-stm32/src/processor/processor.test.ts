// The processor with programs of a few half-words, written by hand: run-away code ends, faults, lock-up,
// watchdog, timer, breakpoints, stepping, reset-halt. No tool chain is needed.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { ChipEvent } from '../chip/options.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';
import { machineCode } from '../firmware/machine-code.ts';

const flash = 0x0800_0000;
const stack = 0x2000_1000;
const entry = 0x40;

/** A vector table with handlers at 0x40 (reset), 0x80 (HardFault) and 0xC0 (SysTick), and code at them. */
function image(code: { reset: number[]; fault?: number[]; tick?: number[] }, literals: number[] = []) {
  const view = new DataView(new ArrayBuffer(0x140));
  view.setUint32(0, stack, true);
  view.setUint32(4, flash + entry + 1, true);
  view.setUint32(12, flash + 0x81, true);
  view.setUint32(60, flash + 0xc1, true);
  for (const [at, halves] of [
    [entry, code.reset],
    [0x80, code.fault ?? [0xe7fe]],
    [0xc0, code.tick ?? [0x4770]],
  ] as const)
    for (const [i, half] of halves.entries()) view.setUint16(at + 2 * i, half, true);
  for (const [i, word] of literals.entries()) view.setUint32(0x100 + 4 * i, word, true);
  return new Uint8Array(view.buffer);
}

function started(
  bytes: Uint8Array,
  budgetInstructions = 100_000,
  id = 'stm32f427',
): { chip: VirtualChip; events: ChipEvent[] } {
  const events: ChipEvent[] = [];
  const chip = createVirtualChip({
    ...{ chip: id, seed: 'processor', executors: [machineCode({ budgetInstructions })] },
  });
  chip.powerOn();
  chip.debug.connect();
  const { unitBytes } = chip.chip.write;
  for (let at = 0; at < bytes.length; at += unitBytes)
    expect(chip.debug.programFlash(flash + at, bytes.subarray(at, at + unitBytes))).toBe('ok');
  chip.powerOff();
  chip.onEvent = (event) => events.push(event);
  chip.powerOn();
  return { chip, events };
}

/** ldr rX, [pc, ...] of literal i, for an instruction at that address. */
const load = (register: number, at: number, literal: number): number =>
  0x4800 | (register << 8) | ((0x100 + 4 * literal - ((at + 4) & ~3)) >>> 2);

test('code that never waits is stopped after its budget, and goes on with the next byte', () => {
  const { chip } = started(image({ reset: [0x3001, 0xe7fd] }), 10_000); // adds r0, #1; b .-2
  const { processor } = chip.machine;
  expect(processor.retired).toBe(10_000);
  chip.receive(Uint8Array.of(1));
  expect(processor.retired).toBe(20_000);
  expect(processor.core.registers[0]).toBe(10_000);
});

test('a jump to itself waits at once; cycles are time at 16 MHz', () => {
  const { chip } = started(image({ reset: [0x3001, 0xe7fe] }));
  expect(chip.machine.processor.retired).toBeLessThan(5000);
  const { cycles } = chip.machine.processor.core;
  expect(chip.clock.nowUs).toBeGreaterThan(cycles / 16 - 1);
});

test.each([
  { id: 'stm32g0b1', what: 'MOVW, of ARMv7-M', undefinedOne: [0xf240, 0x0001] },
  { id: 'stm32f427', what: 'SADD8, of the DSP instructions', undefinedOne: [0xfa80, 0xf000] },
  { id: 'stm32f427', what: 'VMOV, floating point', undefinedOne: [0xee00, 0x0a10] },
])('$id: $what is a HardFault; a fault in its handler is lock-up', ({ id, undefinedOne }) => {
  const handled = started(image({ reset: undefinedOne }), undefined, id);
  expect(handled.chip.machine.processor.core.IPSR).toBe(3);
  expect(handled.chip.machine.processor.lockedUp).toBe(false);
  const frame = new DataView(handled.chip.judge.ram(stack - 32, 32).buffer);
  expect(frame.getUint32(24, true)).toBe(flash + entry);
  const worse = started(image({ reset: undefinedOne, fault: undefinedOne }), undefined, id);
  expect(worse.chip.machine.processor.lockedUp).toBe(true);
});

test.each([
  { id: 'stm32f427', name: 'nowhere', address: 0x9000_0000 },
  { id: 'stm32g0b1', name: 'an odd word', address: 0x2000_0001 },
  { id: 'stm32f427', name: 'an odd word of a peripheral', address: 0x4002_3801 },
])('$id: a load from $name is a HardFault', ({ id, address }) => {
  const { chip } = started(image({ reset: [load(0, entry, 0), 0x6801, 0xe7fe] }, [address]), undefined, id);
  expect(chip.machine.processor.core.IPSR).toBe(3);
});

test('ARMv7-M loads an odd word of RAM, and not two at once', () => {
  const odd = 0x2000_0001;
  const ldr = started(image({ reset: [load(0, entry, 0), 0x6801, 0xe7fe] }, [odd])).chip;
  expect(ldr.machine.processor.core.IPSR).toBe(0);
  expect(ldr.machine.processor.core.registers[1]).toBe(
    new DataView(ldr.judge.ram(odd, 4).slice().buffer).getUint32(0, true),
  );
  const ldrd = started(image({ reset: [load(0, entry, 0), 0xe9d0, 0x1200, 0xe7fe] }, [odd])).chip;
  expect(ldrd.machine.processor.core.IPSR).toBe(3);
});

test('an exception in an IT block comes back into it', () => {
  // movs r0, #0; cmp r0, #0; itte eq; svceq #0; addeq r2, #1; addne r3, #1; adds r4, #1
  const reset = [0x2000, 0x2800, 0xbf06, 0xdf00, 0x3201, 0x3301, 0x3401, 0xe7fe];
  const bytes = image({ reset });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(0x2c, view.getUint32(0x3c, true), true); // SVCall returns at once, as the tick does
  const { core } = started(bytes).chip.machine.processor;
  expect([core.registers[2], core.registers[3], core.registers[4], core.IPSR]).toEqual([1, 0, 1, 0]);
});

test.each([
  { name: 'a peripheral that reads as 0', address: 0x4000_0400 },
  { name: 'the system space', address: 0xe000_e100 },
])('a jump to $name is a HardFault: no code is fetched there', ({ address }) => {
  const { chip } = started(image({ reset: [load(0, entry, 0), 0x4700] }, [address + 1])); // bx r0
  const { core, retired } = chip.machine.processor;
  expect(core.IPSR).toBe(3);
  expect(retired).toBeLessThan(5000);
  const frame = new DataView(chip.judge.ram(stack - 32, 32).buffer);
  expect(frame.getUint32(24, true)).toBe(address);
});

test('the watchdog resets a program that hangs, and RCC tells the next start why', () => {
  // Does nothing more when RCC_CSR has IWDGRSTF; else starts the watchdog and counts for ever.
  const reset = [
    ...[load(0, entry, 0), 0x6801, 0x0089, 0xd404, load(0, entry + 8, 1), load(1, entry + 10, 2), 0x6001],
    ...[0x3201, 0xe7fd, 0xe7fe],
  ];
  const { chip, events } = started(image({ reset }, [0x4002_3874, 0x4000_3000, 0xcccc]), 12_000_000);
  const causes = events.flatMap((event) => (event.kind === 'started' ? [event.cause] : []));
  expect(causes).toEqual(['power-on', 'watchdog']);
  expect(chip.clock.nowUs).toBeGreaterThan(511_000); // 4096 * 4 / 32 kHz
  expect(chip.clock.nowUs).toBeLessThan(520_000);
});

test('SysTick interrupts a sleeping core; after many ticks without a byte the host goes on', () => {
  // Clears a counter in RAM. SysTick: RVR 15999, CSR 7; then WFI for ever. Its handler counts.
  const at = (i: number) => entry + 2 * i;
  const reset = [
    ...[load(3, at(0), 2), 0x2400, 0x601c, load(0, at(3), 0), load(1, at(4), 1), 0x6041, 0x2107, 0x6001],
    ...[0xbf30, 0xe7fd],
  ];
  const tick = [load(2, 0xc0, 2), 0x6813, 0x3301, 0x6013, 0x4770];
  const { chip } = started(image({ reset, tick }, [0xe000_e010, 15_999, 0x2000_0000]));
  const ticks = new DataView(chip.judge.ram(0x2000_0000, 4).buffer).getUint32(0, true);
  expect(ticks).toBeGreaterThan(10);
  expect(ticks).toBeLessThan(100);
  expect(Math.round(chip.clock.nowUs / 1000)).toBeGreaterThanOrEqual(ticks);
});

test('a debugger halts, steps, sets a breakpoint, and holds the core at reset', () => {
  const { chip } = started(image({ reset: [0x2005, 0x3001, 0x3001, 0x3001, 0xe7fe] }));
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  expect(probe.halt()).toBe(true);
  expect(probe.register(15)).toBe(flash + entry + 8);
  probe.writeWord(0xe000_edfc, 0x0100_0001); // VC_CORERESET
  probe.writeWord(0xe000_ed0c, 0x05fa_0004);
  expect(probe.isHalted).toBe(true);
  expect(probe.register(15)).toBe(flash + entry);
  expect(probe.register(13)).toBe(stack);
  probe.step();
  expect([probe.register(15), probe.register(0)]).toEqual([flash + entry + 2, 5]);
  probe.writeWord(0xe000_2000, 3);
  probe.writeWord(0xe000_2008, ((flash + entry + 4) & ~3) | 0x4000_0001);
  probe.resume();
  expect(probe.isHalted).toBe(true);
  expect([probe.register(15), probe.register(0)]).toEqual([flash + entry + 4, 6]);
  expect(probe.readWord(0xe000_ed30)! & 2).toBe(2); // DFSR: breakpoint
  probe.writeWord(0xe000_2000, 2);
  probe.resume();
  expect(probe.isHalted).toBe(false);
  expect(chip.machine.processor.core.registers[0]).toBe(8);
});

test('the next load reads what a store wrote into flash; power that fails in it ends the program', () => {
  // Unlocks the flash controller and programs one word, then counts.
  const literals = [0x4002_3c00, 0x4567_0123, 0xcdef_89ab, 0x201, flash + 0x4000];
  const at = (i: number) => entry + 2 * i;
  const reset = [
    ...[load(0, at(0), 0), load(1, at(1), 1), 0x6041, load(1, at(3), 2), 0x6041, load(1, at(5), 3), 0x6101],
    ...[load(2, at(7), 4), 0x2300, 0x6815, 0x6013, 0x6814, 0xe7fe],
  ];
  const { chip, events } = started(image({ reset }, literals));
  expect(chip.judge.flash(flash + 0x4000, 4)).toEqual(new Uint8Array(4));
  const { registers } = chip.machine.processor.core;
  expect([registers[5], registers[4]]).toEqual([0xffff_ffff, 0]); // what it read before and after
  chip.powerOff();
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'before' }]);
  chip.powerOn();
  expect(chip.powered).toBe(false);
  expect(events.at(-1)).toMatchObject({ kind: 'power-lost', cut: { moment: 'before' } });
  chip.powerOn();
  expect(chip.running).toBe(true);
});

test.each([
  ['stm32f427', 512],
  ['stm32h743', 1024],
  ['stm32g0b1', 256],
])('%s: VTOR takes multiples of %i, and rounds others down', (id, alignmentBytes) => {
  const { machine } = started(image({ reset: [0xe7fe] }), 100, id).chip;
  const write = (address: number) => {
    const code = [load(0, entry, 0), load(1, entry + 2, 1), 0x6001, 0xe7fe]; // str r1, [r0]
    const other = started(image({ reset: code }, [0xe000_ed08, address]), 100, id).chip.machine;
    return other.processor.core.VTOR >>> 0;
  };
  expect(machine.processor.core.VTOR >>> 0).toBe(flash);
  expect(write(flash + 2 * alignmentBytes)).toBe(flash + 2 * alignmentBytes);
  expect(write(flash + 2 * alignmentBytes + 0x80)).toBe(flash + 2 * alignmentBytes);
});

test.each([
  ['stm32f427', 0x200, 0x4000_0000],
  ['stm32g0b1', 0, 0],
])('%s: the cause of a fault stands in CFSR and HFSR until a 1 is written there', (id, cause, forced) => {
  // ldr r0, [r0] of an address that nobody has; the second handler writes back what it reads from CFSR.
  const reset = [load(0, entry, 0), 0x6800, 0xe7fe];
  const { processor } = started(image({ reset }, [0x9000_0000]), 100, id).chip.machine;
  expect(processor.faults).toEqual({ configurable: cause, hard: forced });
  const fault = [load(0, 0x80, 1), 0x6801, 0x6001, 0xe7fe];
  const taken = started(image({ reset, fault }, [0x9000_0000, 0xe000_ed28]), 100, id).chip.machine;
  expect(taken.processor.faults).toEqual({ configurable: 0, hard: forced });
});
