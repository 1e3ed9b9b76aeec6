// The CMSIS-DAP probe, packet by packet: identity, memory of a chip in blocks, faults, silence at level 2, and the same
// identity read bit by bit through SWD sequences.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { createVirtualChip } from '../factory.ts';
import { CmsisDapCommands } from './cmsis-dap.ts';
import { probeTarget } from './probe-target.ts';

const dpRead = 0x02;
const dpWrite = (address: number) => address;
const apWrite = (address: number) => address | 1;
const apRead = (address: number) => address | 3;
const word = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

function probe(level: 0 | 1 | 2 = 0) {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'cmsis-dap' });
  chip.powerOn();
  chip.debug.connect();
  const content = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
  chip.debug.programFlash(0x0800_0000, content);
  const { field, level1, level2 } = chip.chip.readoutProtection;
  if (level > 0) {
    const value = level === 1 ? level1 : level2;
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value }));
  }
  chip.powerOff();
  chip.powerOn();
  const commands = new CmsisDapCommands(probeTarget(chip), { packetSizeBytes: 64 });
  return { chip, content, run: (...bytes: number[]) => [...commands.run(Uint8Array.from(bytes))!] };
}

/** Powers the debug domain up and sets the access port for words from an address. */
const aim = (address: number) => [
  ...[0x05, 0, 4],
  ...[dpWrite(4), ...word(0x5000_0000)],
  ...[dpWrite(8), ...word(0)],
  ...[apWrite(0), ...word(0x2300_0012)],
  ...[apWrite(4), ...word(address)],
];

test('names itself, its packet size and its one wire protocol', () => {
  const { run } = probe();
  expect(run(0, 0xff)).toEqual([0, 2, 64, 0]);
  expect(run(0, 0xf0)).toEqual([0, 1, 1]);
  expect(run(2, 1)).toEqual([2, 1]);
  expect(run(2, 2)).toEqual([2, 0]); // JTAG is not there
  expect(run(0x55)).toEqual([0xff]);
});

test('reads flash in a block, and writes SRAM', () => {
  const { run, content, chip } = probe();
  expect(run(0x05, 0, 1, dpRead)).toEqual([5, 1, 1, ...word(0x2ba0_1477)]);
  expect(run(...aim(0x0800_0000))).toEqual([5, 4, 1]);
  expect(run(0x06, 0, 8, 0, apRead(0x0c))).toEqual([6, 8, 0, 1, ...content.slice(0, 32)]);
  expect(run(...aim(0x2000_0000))).toEqual([5, 4, 1]);
  expect(run(0x06, 0, 2, 0, apWrite(0x0c), ...word(0x1122_3344), ...word(0x5566_7788))).toEqual([6, 2, 0, 1]);
  expect([...chip.judge.ram(0x2000_0000, 8)]).toEqual([...word(0x1122_3344), ...word(0x5566_7788)]);
});

test('matches a value: waits for the power to be acknowledged, and gives up on what never comes', () => {
  const { run } = probe();
  expect(run(4, 0, 0, 0, 3, 0)).toEqual([4, 0]);
  const mask = [0x20, ...word(0xf000_0000)];
  const power = [dpWrite(4), ...word(0x5000_0000)];
  expect(run(0x05, 0, 3, ...power, ...mask, 0x16, ...word(0xf000_0000))).toEqual([5, 3, 1]);
  expect(run(0x05, 0, 2, ...mask, 0x16, ...word(0x1000_0000))).toEqual([5, 1, 0x11]);
});

test('several commands in one packet', () => {
  const { run } = probe();
  expect(run(0x7f, 2, 0x00, 0xf0, 0x05, 0, 1, dpRead)).toEqual([
    ...[0x7f, 2, 0, 1, 1],
    ...[5, 1, 1, ...word(0x2ba0_1477)],
  ]);
});

test('level 1: the read of flash is a fault that stands until it is aborted', () => {
  const { run } = probe(1);
  run(...aim(0x0800_0000));
  expect(run(0x06, 0, 8, 0, apRead(0x0c)).slice(0, 4)).toEqual([6, 0, 0, 4]);
  expect(run(0x05, 0, 1, apRead(0x00)).slice(0, 3)).toEqual([5, 0, 4]);
  expect(run(0x08, 0, ...word(0x1e))).toEqual([8, 0]);
  expect(run(0x05, 0, 1, apRead(0x00)).slice(0, 3)).toEqual([5, 1, 1]);
});

test('level 2: nobody drives the line', () => {
  const { run } = probe(2);
  expect(run(0x05, 0, 1, dpRead)).toEqual([5, 0, 7]);
});

test.each([
  { level: 0 as const, acknowledgement: 1, identity: 0x2ba0_1477 },
  { level: 2 as const, acknowledgement: 7, identity: 0xffff_ffff },
])('the same bit by bit at level $level', ({ level, acknowledgement, identity }) => {
  const { run } = probe(level);
  expect(run(0x12, 51, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toEqual([0x12, 0]);
  expect(run(0x12, 8, 0x00)).toEqual([0x12, 0]);
  // Request for DPIDR: 0xA5; then a turnaround and three bits of acknowledgement, 32 of data and parity.
  const [, , first, ...rest] = run(0x1d, 3, 8, 0xa5, 0x80 | 4, 0x80 | 33);
  expect(first! >>> 1).toBe(acknowledgement);
  expect(new DataView(Uint8Array.from(rest).buffer).getUint32(0, true)).toBe(identity);
});

test('the reset pin resets the chip when it is let go', () => {
  const { run, chip } = probe();
  const starts: string[] = [];
  chip.onEvent = (event) => starts.push(event.kind);
  expect(run(0x10, 0x00, 0x80, 0, 0, 0, 0)[1]! & 0x80).toBe(0);
  expect(starts).toEqual([]);
  expect(run(0x10, 0x80, 0x80, 0, 0, 0, 0)[1]! & 0x80).toBe(0x80);
  expect(starts).toContain('started');
});
