// The CMSIS-DAP probe, packet by packet: identity, memory of a chip in blocks, faults, silence at level 2,
// and the same identity read bit by bit through SWD sequences.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
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
  const answers = (...bytes: number[]) => commands.run(Uint8Array.from(bytes)).map((one) => [...one]);
  const run = (...bytes: number[]) => {
    const [answer, ...more] = answers(...bytes);
    expect(more).toEqual([]);
    return answer!;
  };
  return { chip, content, answers, run };
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
  expect(run(0, 0xf0)).toEqual([0, 1, 0x11]); // SWD, several commands in a packet
  expect(run(0, 0xfe)).toEqual([0, 1, 4]);
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
    ...[0x7f, 2, 0, 1, 0x11],
    ...[5, 1, 1, ...word(0x2ba0_1477)],
  ]);
});

test('queued packets wait for one that is not queued; each is answered, in their order', () => {
  const { answers } = probe();
  const identity = [0x05, 0, 1, dpRead];
  expect(answers(0x7e, 2, 0x00, 0xf0, ...identity)).toEqual([]);
  expect(answers(0x7e, 1, ...identity)).toEqual([]);
  expect(answers(0x00, 0xfe)).toEqual([
    [...[0x7f, 2, 0, 1, 0x11], ...[5, 1, 1, ...word(0x2ba0_1477)]],
    [...[0x7f, 1], ...[5, 1, 1, ...word(0x2ba0_1477)]],
    [0, 1, 4],
  ]);
  expect(answers(0x00, 0xfe)).toEqual([[0, 1, 4]]); // nothing is queued any more
});

test('a queue as long as the packet count runs by itself', () => {
  const { answers } = probe();
  const info = [0x7e, 1, 0x00, 0xfe];
  for (let i = 1; i < 4; i++) expect(answers(...info)).toEqual([]);
  expect(answers(...info)).toEqual(Array.from({ length: 4 }, () => [0x7f, 1, 0, 1, 4]));
});

test('no answer is longer than a packet, however much is asked for', () => {
  const { run, content } = probe();
  run(...aim(0x0800_0000));
  expect(run(0x06, 0, 0xff, 0xff, apRead(0x0c))).toEqual([6, 15, 0, 1, ...content.slice(0, 60)]);
  const many = Array.from({ length: 30 }, () => dpRead);
  expect(run(0x05, 0, 30, ...many).slice(0, 3)).toEqual([5, 15, 1]);
  const inputs = Array.from({ length: 40 }, () => 0x80);
  expect(run(0x1d, 40, ...inputs)).toHaveLength(64);
});

test('a count of nothing transfers nothing, and a write that faulted is told at once', () => {
  const { run } = probe();
  expect(run(0x05, 0, 0)).toEqual([5, 0, 0]);
  expect(run(0x06, 0, 0, 0, apRead(0x0c))).toEqual([6, 0, 0, 0]);
  run(...aim(0x9000_0000)); // nothing is there
  expect(run(0x05, 0, 1, apWrite(0x0c), ...word(1))).toEqual([5, 1, 4]);
  expect(run(0x08, 0, ...word(0x1e))).toEqual([8, 0]);
  expect(run(0x06, 0, 1, 0, apWrite(0x0c), ...word(1))).toEqual([6, 1, 0, 4]);
});

test('WriteABORT clears what it names, and nothing else', () => {
  const { run } = probe();
  run(...aim(0x9000_0000));
  run(0x05, 0, 1, apWrite(0x0c), ...word(1));
  expect(run(0x08, 0, ...word(0x1a))).toEqual([8, 0]); // without STKERRCLR
  expect(run(0x05, 0, 1, apRead(0x00)).slice(0, 3)).toEqual([5, 0, 4]);
  expect(run(0x08, 0, ...word(0x04))).toEqual([8, 0]);
  expect(run(0x05, 0, 1, apRead(0x00)).slice(0, 3)).toEqual([5, 1, 1]);
  expect(probe(2).run(0x08, 0, ...word(0x04))).toEqual([8, 0xff]);
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

test('the pins clock the line, and tell what the target drives', () => {
  const { run } = probe();
  const [clock, data, reset] = [1, 2, 0x80];
  const set = (output: number, select: number) => run(0x10, output, select, 0, 0, 0, 0)[1]!;
  const drive = (bit: number) => {
    set(bit === 1 ? data : 0, data | clock);
    return set(clock, clock);
  };
  for (let i = 0; i < 51; i++) expect(drive(1)).toBe(clock | data | reset);
  for (let i = 0; i < 8; i++) expect(drive(0)).toBe(clock | reset);
  for (const bit of [1, 0, 1, 0, 0, 1, 0, 1]) drive(bit); // 0xA5: read DPIDR
  const heard: number[] = [];
  for (let i = 0; i < 36; i++) {
    heard.push((set(0, clock) & data) >>> 1);
    set(clock, clock);
  }
  expect(heard.slice(1, 4)).toEqual([1, 0, 0]);
  const identity = heard.slice(4).reduce((sum, bit, i) => sum + bit * 2 ** i, 0);
  expect(identity).toBe(0x2ba0_1477);
  expect(set(0, 0)).toBe(clock | reset | (data & set(0, 0))); // nothing selected, nothing changed
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
