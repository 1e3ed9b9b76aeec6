// Proprietary code readout protection (PCROP): who may do what with flash that can only be executed, and what
// lifts it. RM0090 3.7.5, RM0433 4.5.4, RM0351 3.5.2, RM0444 3.5.2.

import { optionField, withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { romBootloader } from '../bootloaders/rom-bootloader.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

const secret = 0x5a;

const halfWords = (values: readonly number[]) =>
  Uint8Array.from(values.flatMap((value) => [value & 0xff, value >>> 8]));
const words = (values: readonly number[]) =>
  halfWords(values.flatMap((value) => [value & 0xffff, value >>> 16]));

interface Part {
  readonly id: string;
  /** Stays readable beside the protected stretch. */
  readonly open: number;
  readonly secretAt: number;
  readonly fields: Readonly<Record<string, number>>;
  /** Its status register and the flag of a refused data read. */
  readonly flag: readonly [number, number];
}

const parts: readonly Part[] = [
  {
    id: 'stm32f427',
    open: 0x0800_0000,
    secretAt: 0x0800_4000,
    // With SPRMOD a bit of nWRP protects where it is 1: sector 1 alone.
    fields: { SPRMOD: 1, nWRP0_11: 2, nWRP12_23: 0 },
    flag: [0x0c, 1 << 8],
  },
  {
    id: 'stm32h743',
    open: 0x0800_0000,
    secretAt: 0x0802_0000,
    fields: { PROT_AREA_START1: 0x200, PROT_AREA_END1: 0x203 },
    flag: [0x10, 1 << 23],
  },
  {
    id: 'stm32l476',
    open: 0x0800_0000,
    secretAt: 0x0800_1000,
    fields: { PCROP1_STRT: 0x200, PCROP1_END: 0x27f },
    flag: [0x10, 1 << 14],
  },
  {
    id: 'stm32g0b1',
    open: 0x0804_0000,
    secretAt: 0x0804_1000,
    fields: { PCROP2B_STRT: 8, PCROP2B_END: 9 },
    flag: [0x10, 1 << 14],
  },
];

function program(chip: VirtualChip, fields: Readonly<Record<string, number>>) {
  let values = chip.judge.optionsStored;
  for (const [name, value] of Object.entries(fields))
    values = withOptionField(chip.chip, values, { name, value });
  return chip.debug.writeOptionBytes(values);
}

/** A chip with a word in the open and one that can only be executed, and a debugger at it. */
function protectedChip({ id, open, secretAt, fields }: Part): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `pcrop ${id}` });
  chip.powerOn();
  chip.debug.connect();
  const unit = new Uint8Array(chip.chip.write.unitBytes).fill(secret);
  for (const address of [open, secretAt]) expect(chip.debug.programFlash(address, unit)).toBe('ok');
  expect(program(chip, fields)).toBe('ok');
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
  return chip;
}

test.each(parts)('$id: a debugger reads beside the area and not in it; the flag says so', (part) => {
  const chip = protectedChip(part);
  expect(chip.debug.readMemory(part.open, 4)).toEqual(new Uint8Array(4).fill(secret));
  expect(chip.debug.readMemory(part.secretAt, 4)).toBe('bus-fault');
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  const status = chip.chip.flashController.registerBase + part.flag[0];
  expect(probe.readWord(status)! & part.flag[1]).toBe(0);
  expect(probe.readWord(part.open)).toBe(0x5a5a5a5a);
  expect(probe.readWord(part.secretAt)).toBeUndefined();
  expect(probe.readWord(status)! & part.flag[1]).toBe(part.flag[1] | 0);
});

test.each(parts)('$id: neither program nor erase, of it or of everything', ({ secretAt, ...part }) => {
  const chip = protectedChip({ secretAt, ...part });
  const unit = new Uint8Array(chip.chip.write.unitBytes);
  expect(chip.debug.programFlash(secretAt, unit)).toBe('write-protected');
  expect(chip.debug.eraseUnit(secretAt)).toBe('write-protected');
  expect(chip.debug.massErase()).toBe('write-protected');
  expect(chip.judge.flash(secretAt, 1)).toEqual(Uint8Array.of(secret));
});

/** LDR, LDRH and LDRB r5, [r3]: a half-word is what an instruction fetch is too. */
const loads = [0x681d, 0x881d, 0x781d] as const;

const partsAndLoads = parts.flatMap((part) => loads.map((load) => ({ ...part, load })));

test.each(partsAndLoads)(
  '$id: the CPU executes it and cannot read it, by $load',
  ({ id, secretAt, fields, load }) => {
    const chip = createVirtualChip({ chip: id, seed: 'pcrop core' });
    const { flash, ram, write } = chip.chip;
    chip.powerOn();
    chip.debug.connect();
    const pad = (code: Uint8Array) => {
      const bytes = new Uint8Array(Math.ceil(code.length / write.unitBytes) * write.unitBytes).fill(0xff);
      bytes.set(code);
      return bytes;
    };
    // The protected routine doubles r0; the one beside it then loads a word of the routine.
    expect(chip.debug.programFlash(secretAt, pad(halfWords([0x1800, 0x4770])))).toBe('ok'); // adds r0, r0, r0; bx lr
    const start = flash.addressStart + 0x40;
    const code = halfWords([
      0x2015, // movs r0, #0x15
      0x4b03, // ldr r3, [pc, #12]: the routine
      0x4798, // blx r3
      0x4604, // mov r4, r0
      0x4b01, // ldr r3, [pc, #4]
      0x3b01, // subs r3, #1
      load, // refused
      0xe7fe, // b .
    ]);
    const image = new Uint8Array(0x40 + code.length + 4);
    image.set(words([ram[0]!.addressStart + 0x1000, start | 1, start | 1, start | 1]));
    image.set(code, 0x40);
    image.set(words([secretAt | 1]), 0x40 + code.length);
    expect(chip.debug.programFlash(flash.addressStart, pad(image))).toBe('ok');
    expect(program(chip, fields)).toBe('ok');
    chip.powerOff();
    chip.powerOn();
    const { processor } = chip.machine;
    for (let i = 0; i < 6 + 2; i++) processor.step();
    expect(processor.core.registers[4]).toBe(0x2a); // the routine ran
    expect(processor.core.IPSR).toBe(0);
    processor.step();
    expect(processor.core.IPSR === 3 || processor.lockedUp).toBe(true); // HardFault
    expect(processor.core.registers[5]).toBe(0);
  },
);

test.each(parts)('$id: smaller is refused; a regression lifts it', (part) => {
  const chip = protectedChip(part);
  const { level1, level0, field } = chip.chip.readoutProtection;
  const blank: Record<string, Record<string, number>> = {
    stm32f427: { SPRMOD: 0, nWRP0_11: 0xfff, nWRP12_23: 0xfff },
    stm32h743: { PROT_AREA_START1: 0x201 },
    stm32l476: { PCROP1_END: 0x27e },
    stm32g0b1: { PCROP2B_STRT: 9 },
  };
  expect(program(chip, blank[part.id]!)).toBe('field-locked');
  const eraseField = { stm32h743: 'DMEP1', stm32l476: 'PCROP_RDP', stm32g0b1: 'PCROP_RDP' }[part.id];
  if (eraseField !== undefined) expect(program(chip, { [eraseField]: 1 })).toBe('ok');
  expect(program(chip, { [field]: level1 })).toBe('ok');
  chip.reset();
  expect(program(chip, { [field]: level0, ...(eraseField === undefined ? blank[part.id] : {}) })).toBe('ok');
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.readMemory(part.secretAt, 4)).toEqual(new Uint8Array(4).fill(0xff));
});

test.each(['stm32l476', 'stm32g0b1'])('%s: without PCROP_RDP the regression leaves its pages', (id) => {
  const part = parts.find((one) => one.id === id)!;
  const chip = protectedChip(part);
  const { level1, level0, field } = chip.chip.readoutProtection;
  expect(program(chip, { [field]: level1 })).toBe('ok');
  chip.reset();
  expect(program(chip, { [field]: level0 })).toBe('ok');
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.readMemory(part.open, 1)).toEqual(Uint8Array.of(0xff));
  expect(chip.judge.flash(part.secretAt, 1)).toEqual(Uint8Array.of(secret));
  expect(chip.debug.readMemory(part.secretAt, 1)).toBe('bus-fault');
  // The bit is set only; a full erase takes it back.
  expect(program(chip, { PCROP_RDP: 1 })).toBe('ok');
  expect(program(chip, { PCROP_RDP: 0 })).toBe('field-locked');
  program(chip, { [field]: level1 });
  chip.reset();
  program(chip, { [field]: level0 });
  expect(optionField(chip.chip, chip.judge.optionsStored, 'PCROP_RDP')).toBe(0);
});

test.each(parts.filter(({ id }) => id !== 'stm32g0b1'))(
  '$id: the ROM bootloader gives none of it',
  (part) => {
    const answers: number[] = [];
    const chip = createVirtualChip({
      ...{ chip: part.id, seed: 'pcrop rom', executors: [romBootloader()] },
      onLink: (bytes) => answers.push(...bytes),
    });
    chip.powerOn();
    chip.debug.connect();
    const unit = new Uint8Array(chip.chip.write.unitBytes).fill(secret);
    for (const address of [part.open, part.secretAt]) chip.debug.programFlash(address, unit);
    expect(program(chip, part.fields)).toBe('ok');
    chip.setPin('boot0', true);
    chip.powerOff();
    chip.powerOn();
    const send = (...bytes: number[]) => {
      chip.receive(Uint8Array.from(bytes));
      return answers.splice(0);
    };
    expect(send(0x7f)).toEqual([0x79]);
    const read = (address: number) => {
      const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
      const checksum = bytes.reduce((sum, byte) => sum ^ byte, 0);
      return [...send(0x11, 0xee), ...send(...bytes, checksum), ...send(3, 0xfc)];
    };
    expect(read(part.open).slice(-4)).toEqual([secret, secret, secret, secret]);
    expect(read(part.secretAt)).not.toContain(secret);
  },
);

test('H743: start = end protects the whole bank', () => {
  const chip = protectedChip({ ...parts[1]!, fields: { PROT_AREA_START1: 5, PROT_AREA_END1: 5 } });
  expect(chip.debug.readMemory(0x0800_0000, 4)).toBe('bus-fault');
  expect(chip.debug.readMemory(0x080f_fffc, 4)).toBe('bus-fault');
  expect(chip.debug.readMemory(0x0810_0000, 4)).not.toBe('bus-fault');
});
