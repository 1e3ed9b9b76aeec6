// Standard requests on a device of software, as USB 2.0 section 9.4 has them, and what is refused.

import { expect, test } from 'vitest';
import { configurationDescriptor, deviceDescriptor } from './usb-descriptors.ts';
import { parseSetup, UsbControl, type UsbDevice } from './usb-device.ts';
import type { Setup } from './usb-function.ts';

const nothing = new Uint8Array(0);
const face = (alternate: number) => Uint8Array.of(9, 4, 0, alternate, 0, 0xfe, 1, 2, 4);

function device(calls: unknown[] = []): UsbDevice {
  return {
    speed: 'full',
    deviceDescriptor: deviceDescriptor({ vendor: 0x0483, product: 0xdf11, release: 0x2200 }),
    configurationDescriptor: configurationDescriptor([face(0), face(1)]),
    strings: ['', 'maker', 'thing'],
    interfaces: [{ class: 0xfe, subclass: 1, protocol: 2 }],
    configured: () => calls.push('configured'),
    selectAlternate: (number, alternate) => calls.push([number, alternate]),
    control: async (setup) => {
      calls.push(setup.request);
      return Uint8Array.of(1, 2, 3, 4);
    },
  };
}

const setup = (requestType: number, request: number, value = 0, length = 0): Setup => ({
  ...{ requestType, request, value, index: 0, length },
});

test('descriptors are cut to what was asked for', async () => {
  const control = new UsbControl(device());
  expect(await control.handle(setup(0x80, 6, 0x0100, 8), nothing)).toEqual(
    Uint8Array.of(18, 1, 0, 2, 0, 0, 0, 64),
  );
  const configuration = await control.handle(setup(0x80, 6, 0x0200, 255), nothing);
  expect(configuration).toHaveLength(27);
  expect(new DataView(configuration!.buffer).getUint16(2, true)).toBe(27);
  expect(await control.handle(setup(0x80, 6, 0x0300, 255), nothing)).toEqual(Uint8Array.of(4, 3, 9, 4));
  expect(await control.handle(setup(0x80, 6, 0x0302, 255), nothing)).toEqual(
    Uint8Array.of(12, 3, ...[...'thing'].flatMap((letter) => [letter.charCodeAt(0), 0])),
  );
});

test('configuration and alternate settings are kept, and told to the device', async () => {
  const calls: unknown[] = [];
  const control = new UsbControl(device(calls));
  expect(await control.handle(setup(0x80, 8, 0, 1), nothing)).toEqual(Uint8Array.of(0));
  expect(await control.handle(setup(0x00, 9, 1), nothing)).toEqual(nothing);
  expect(await control.handle(setup(0x80, 8, 0, 1), nothing)).toEqual(Uint8Array.of(1));
  expect(await control.handle(setup(0x01, 11, 1), nothing)).toEqual(nothing);
  expect(await control.handle(setup(0x81, 10, 0, 1), nothing)).toEqual(Uint8Array.of(1));
  expect(calls).toEqual(['configured', [0, 1]]);
});

test.each([
  ['a string that is not there', setup(0x80, 6, 0x0309, 255)],
  ['a second configuration', setup(0x80, 6, 0x0201, 255)],
  ['an alternate setting that is not there', setup(0x01, 11, 2)],
  ['a configuration that is not there', setup(0x00, 9, 2)],
  ['an interface descriptor that is not there', setup(0x81, 6, 0x2200, 255)],
  ['set descriptor', setup(0x00, 7, 0x0100)],
  ['a request in the wrong direction', setup(0x00, 6, 0x0100)],
])('%s is a stall', async (_, request) => {
  expect(await new UsbControl(device()).handle(request, nothing)).toBeUndefined();
});

test('class requests go to the device, but not with a data stage of another length than announced', async () => {
  const calls: unknown[] = [];
  const control = new UsbControl(device(calls));
  expect(await control.handle(setup(0xa1, 3, 0, 3), nothing)).toEqual(Uint8Array.of(1, 2, 3));
  expect(await control.handle(setup(0x21, 1, 0, 2), Uint8Array.of(1, 2))).toEqual(nothing);
  expect(await control.handle(setup(0x21, 1, 0, 2), Uint8Array.of(1))).toBeUndefined();
  expect(calls).toEqual([3, 1]);
});

test('a setup packet is read little-endian', () => {
  expect(parseSetup(Uint8Array.of(0xa1, 3, 1, 2, 3, 4, 5, 6))).toEqual({
    ...{ requestType: 0xa1, request: 3, value: 0x0201, index: 0x0403, length: 0x0605 },
  });
});
