// The ST-LINK as a USB device, transfer by transfer: descriptors, commands with data before and after, what a
// host that left in the middle leaves behind, level 2.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import { probeTarget } from './probe-target.ts';
import { stlinkUsb } from './stlink-usb.ts';

const never = new AbortController().signal;
const sram = 0x2000_0100;
const word = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
const half = (value: number) => [value & 0xff, value >>> 8];
const read32 = (address: number, length: number) => [0xf2, 0x07, ...word(address), ...half(length)];
const write32 = (address: number, length: number) => [0xf2, 0x08, ...word(address), ...half(length)];

function probe(level: 0 | 2 = 0) {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'stlink-usb' });
  chip.powerOn();
  if (level === 2) {
    chip.debug.connect();
    const { field, level2 } = chip.chip.readoutProtection;
    const values = withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value: level2 });
    expect(chip.debug.writeOptionBytes(values)).toBe('ok');
    chip.powerOff();
    chip.powerOn();
  }
  const device = stlinkUsb(probeTarget(chip), { serial: 'S1' });
  const send = (bytes: readonly number[]) => device.write!(2, Uint8Array.from(bytes));
  const command = (bytes: readonly number[]) => send([...bytes, ...new Array(16 - bytes.length).fill(0)]);
  const take = async (length: number) => [...(await device.read!(1, length, never))!];
  return { chip, device, send, command, take };
}

test('descriptors: three bulk endpoints of one vendor interface, and the serial number', () => {
  const { configurationDescriptor: bytes, deviceDescriptor, strings } = probe().device;
  expect([...deviceDescriptor.subarray(8, 12)]).toEqual([0x83, 0x04, 0x48, 0x37]);
  expect(bytes.length).toBe(9 + 9 + 3 * 7);
  expect(bytes[2]).toBe(bytes.length);
  expect([bytes[18 + 2], bytes[25 + 2], bytes[32 + 2]]).toEqual([0x81, 0x02, 0x83]);
  expect(strings[3]).toBe('S1');
});

test('memory is written by data that follow the command, in one piece or several, and read back', async () => {
  const { chip, command, send, take } = probe();
  await command([0xf2, 0x30, 0xa3]);
  expect(await take(2)).toEqual([0x80, 0]);
  const bytes = Array.from({ length: 32 }, (_, i) => i + 1);
  const before = chip.judge.ram(sram, 32);
  await command(write32(sram, 32));
  expect(chip.judge.ram(sram, 32)).toEqual(before);
  await send(bytes.slice(0, 20));
  await send(bytes.slice(20));
  expect([...chip.judge.ram(sram, 32)]).toEqual(bytes);
  await command([0xf2, 0x3e]);
  expect((await take(12))[0]).toBe(0x80);
  await command(read32(sram, 32));
  expect(await take(32)).toEqual(bytes);
});

test('a list of words is done in one go: each item has its word and its status', async () => {
  const { command, send, take } = probe();
  await command([0xf2, 0x30, 0xa3]);
  await take(2);
  // access port 0; write 0x11223344 to SRAM, read it; read where nothing is
  await command([0xf2, 0x51, ...word(5)]);
  const values = [0, sram, 0x1122_3344, sram, 0x9000_0000].flatMap(word);
  await send([5, 1, 2, 3, 3, 0, 0, 0, ...values]);
  await command([0xf2, 0x52]);
  const answer = await take(40);
  expect(answer.slice(0, 20)).toEqual([0, 0, 0, 0x1122_3344, 0].flatMap(word));
  expect(answer.slice(20)).toEqual([0x80, 0x80, 0x80, 0x80, 0x81].flatMap(word));
});

test('a list that is longer than it may be is not taken', async () => {
  const { command, take } = probe();
  await command([0xf2, 0x51, ...word(65)]);
  await command([0xf1]);
  expect((await take(6)).slice(2)).toEqual([0x83, 0x04, 0x48, 0x37]);
});

test('transfers without increment stay at their address', async () => {
  const { chip, command, send, take } = probe();
  await command([0xf2, 0x30, 0xa3]);
  await take(2);
  const before = chip.judge.ram(sram + 4, 4);
  await command([0xf2, 0x50, ...word(sram), ...half(8)]);
  await send([...word(1), ...word(2)]);
  expect([...chip.judge.ram(sram, 4)]).toEqual(word(2));
  expect(chip.judge.ram(sram + 4, 4)).toEqual(before);
  await command([0xf2, 0x54, ...word(sram), ...half(8)]);
  expect(await take(8)).toEqual([...word(2), ...word(2)]);
});

test('a command cut short counts as padded with zeros', async () => {
  const { send, take } = probe();
  await send([0xf1]);
  expect(await take(6)).toEqual([0x29, 0x47, 0x83, 0x04, 0x48, 0x37]);
});

test('a host that left in the middle of its data does not swallow the next one’s command', async () => {
  const { device, command, take } = probe();
  await command(write32(sram, 32));
  device.configured!();
  await command([0xf1, 0x80]);
  expect((await take(6)).slice(2)).toEqual([0x83, 0x04, 0x48, 0x37]);
});

test('at level 2 there is nobody to attach to', async () => {
  const { command, take } = probe(2);
  await command([0xf2, 0x30, 0xa3]);
  expect(await take(2)).toEqual([0x09, 0]);
  await command(read32(0x0800_0000, 4));
  expect(await take(4)).toEqual([0, 0, 0, 0]);
  await command([0xf2, 0x3e]);
  expect((await take(12))[0]).toBe(0x09);
});

test('other endpoints stall; trace has nothing to say', async () => {
  const { device } = probe();
  expect(await device.write!(1, Uint8Array.of(0xf1))).toBe(false);
  expect(await device.read!(2, 64, never)).toBeUndefined();
  const cancel = new AbortController();
  const trace = device.read!(3, 64, cancel.signal);
  cancel.abort();
  expect(await trace).toBeUndefined();
});
