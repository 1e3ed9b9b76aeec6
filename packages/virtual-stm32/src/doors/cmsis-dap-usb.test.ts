// The USB side of the probes: descriptors that add up, packets in and answers out, reads
// that wait or are cancelled.

import { expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import { cmsisDapBulk, cmsisDapHid } from './cmsis-dap-usb.ts';
import { probeTarget } from './probe-target.ts';
import { UsbControl, type UsbDevice } from './usb-device.ts';

const never = new AbortController().signal;
const packetSize = Uint8Array.of(0x00, 0xff); // DAP_Info, packet size

function target() {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'cmsis-dap-usb' });
  chip.powerOn();
  return probeTarget(chip);
}

const kinds: readonly [string, () => UsbDevice, number][] = [
  ['version 1', () => cmsisDapHid(target(), { serial: 'A1' }), 64],
  ['version 2', () => cmsisDapBulk(target(), { serial: 'A1' }), 512],
];

/** Descriptors of a configuration by their own lengths. */
function descriptors(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += bytes[at]!) found.push(bytes.subarray(at, at + bytes[at]!));
  return found;
}

test.each(kinds)('%s: descriptors are whole and name the probe', (_name, make, packetBytes) => {
  const { configurationDescriptor, strings } = make();
  expect(configurationDescriptor[2]! | (configurationDescriptor[3]! << 8)).toBe(
    configurationDescriptor.length,
  );
  const parts = descriptors(configurationDescriptor);
  expect(parts.every((part) => part.length === part[0])).toBe(true);
  const face = parts.find((part) => part[1] === 4)!;
  const endpoints = parts.filter((part) => part[1] === 5);
  expect(face[4]).toBe(endpoints.length);
  expect(endpoints.map((part) => part[2])).toEqual([0x01, 0x81]);
  for (const part of endpoints) expect(part[4]! | (part[5]! << 8)).toBe(packetBytes);
  expect(strings[face[8]!]).toContain('CMSIS-DAP');
  expect(strings[3]).toBe('A1');
});

test.each(kinds)(
  '%s: an answer waits for its read, a read for its answer',
  async (_name, make, packetBytes) => {
    const device = make();
    expect(await device.write!(1, packetSize)).toBe(true);
    const early = await device.read!(1, packetBytes, never);
    expect([...early!.subarray(0, 4)]).toEqual([0, 2, packetBytes & 0xff, packetBytes >>> 8]);
    const late = device.read!(1, packetBytes, never);
    await device.write!(1, packetSize);
    expect(await late).toEqual(early);
  },
);

test.each(kinds)('%s: a cancelled read takes no answer with it', async (_name, make, packetBytes) => {
  const device = make();
  const cancel = new AbortController();
  const cancelled = device.read!(1, packetBytes, cancel.signal);
  await Promise.resolve();
  cancel.abort();
  expect(await cancelled).toBeUndefined();
  await device.write!(1, packetSize);
  expect((await device.read!(1, packetBytes, never))?.[0]).toBe(0);
});

test.each(kinds)('%s: a host that never reads is stalled, and other endpoints are', async (_name, make) => {
  const device = make();
  const answers: boolean[] = [];
  for (let i = 0; i < 70; i++) answers.push(await device.write!(1, packetSize));
  expect(answers.indexOf(false)).toBe(64);
  expect(await device.write!(2, packetSize)).toBe(false);
  expect(await device.read!(2, 64, never)).toBeUndefined();
});

test('version 1 is a HID: report descriptor, SET_IDLE, output report over the control pipe', async () => {
  const device = cmsisDapHid(target());
  const control = new UsbControl(device);
  const report = await control.handle(
    { requestType: 0x81, request: 6, value: 0x2200, index: 0, length: 255 },
    new Uint8Array(0),
  );
  const hid = await control.handle(
    { requestType: 0x81, request: 6, value: 0x2100, index: 0, length: 9 },
    new Uint8Array(0),
  );
  expect(hid![7]).toBe(report!.length);
  expect(report!.at(-1)).toBe(0xc0);
  const idle = { requestType: 0x21, request: 10, value: 0, index: 0, length: 0 };
  expect(await control.handle(idle, new Uint8Array(0))).toEqual(new Uint8Array(0));
  const output = { requestType: 0x21, request: 9, value: 0x0200, index: 0, length: 64 };
  const packet = new Uint8Array(64);
  packet.set(packetSize);
  expect(await control.handle(output, packet)).toEqual(new Uint8Array(0));
  const answer = await device.read!(1, 64, never);
  expect(answer).toHaveLength(64);
  expect([...answer!.subarray(0, 4)]).toEqual([0, 2, 64, 0]);
});
