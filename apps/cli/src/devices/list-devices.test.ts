import { Fault } from '@firmseal/fault';
import { expect, test } from 'vitest';
import { type DeviceLists, listDevices } from './list-devices.ts';

const usb = (
  ports: readonly number[],
  ids: readonly [number, number],
  productName: string | null = null,
) => ({
  ...{ socket: { bus: 1, ports }, vendorId: ids[0], productId: ids[1], deviceClass: 0, productName },
  ...{ manufacturerName: null, serialNumber: null },
});
const lists = (more: Partial<DeviceLists> = {}): DeviceLists => ({
  usb: async () => [],
  serial: async () => [],
  ...more,
});

test('each device has the place that commands take, and is named by the table of ids', async () => {
  const { devices, gaps } = await listDevices(
    lists({
      usb: async () => [
        usb([1], [0x0483, 0xdf11], 'STM32  BOOTLOADER'),
        usb([2], [0x1209, 0x0001], 'firmseal agent stm32f427'),
        usb([4, 2], [0x0483, 0x374b], 'STM32 STLink'),
        usb([4, 3], [0x0d28, 0x0204]),
        usb([5], [0x1366, 0x0101]),
        usb([6], [0x0403, 0x6001]),
        usb([7], [0x046d, 0xc31c], 'a keyboard'),
      ],
    }),
  );
  expect(gaps).toEqual([]);
  expect(devices).toEqual([
    { place: 'usb:1-1', kind: 'rom-bootloader', name: 'STM32 ROM bootloader', usbId: '0483:df11' },
    { place: 'usb:1-2', kind: 'agent', name: 'firmseal agent', usbId: '1209:0001' },
    { place: 'probe:1-4.2', kind: 'st-link', name: 'ST-LINK/V2-1', usbId: '0483:374b' },
    { place: 'probe:1-4.3', kind: 'cmsis-dap', name: 'DAPLink', usbId: '0d28:0204' },
    { place: 'probe:1-5', kind: 'j-link', name: 'J-Link', usbId: '1366:0101' },
  ]);
});

test('a serial port says which probe it is part of: the COM port of a Nucleo board', async () => {
  const { devices } = await listDevices({
    usb: async () => [usb([4, 2], [0x0483, 0x374b], 'STM32 STLink')],
    serial: async () => [
      { path: '/dev/ttyACM0', usb: { ...usb([4, 2], [0x0483, 0x374b], 'STM32 STLink') } },
      { path: '/dev/ttyACM1', usb: { ...usb([4, 1], [0x2341, 0x0043], 'Arduino Uno') } },
      { path: '/dev/ttyS0' },
      { path: '/dev/ttyUSB0', usb: { ...usb([6], [0x0403, 0x6001]) } },
      { path: 'COM3', usb: { vendorId: 0x0483, productId: 0x374b, productName: null } },
    ],
  });
  expect(devices.slice(1)).toEqual([
    {
      place: 'serial:/dev/ttyACM0',
      kind: 'serial',
      name: 'COM port of ST-LINK/V2-1',
      usbId: '0483:374b',
      partOf: 'probe:1-4.2',
    },
    { place: 'serial:/dev/ttyACM1', kind: 'serial', name: 'Arduino Uno', usbId: '2341:0043' },
    { place: 'serial:/dev/ttyS0', kind: 'serial', name: 'serial port' },
    { place: 'serial:/dev/ttyUSB0', kind: 'serial', name: 'FTDI FT232R', usbId: '0403:6001' },
    { place: 'serial:COM3', kind: 'serial', name: 'COM port of ST-LINK/V2-1', usbId: '0483:374b' },
  ]);
});

test('a list that cannot be read leaves a gap beside the others; a fault of the program ends the command', async () => {
  const missing = new Fault('usb-library-missing', { version: '3' });
  const { devices, gaps } = await listDevices({
    usb: () => Promise.reject(missing),
    serial: async () => [{ path: '/dev/ttyS0' }],
  });
  expect([devices.length, gaps]).toEqual([1, [missing]]);
  const broken = new TypeError('broken');
  await expect(listDevices(lists({ usb: () => Promise.reject(broken) }))).rejects.toBe(broken);
});
