// A folder in the form of Linux's sysfs, and what the library lists on other systems.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { listSerial, type SerialLibrary } from './index.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Files with their text, and links. */
function tree(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'firmseal-sysfs-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  return root;
}

const stlink = 'devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4.2';
const ftdi = 'devices/pci0000:00/0000:00:14.0/usb1/1-10';

describe('on Linux', () => {
  test('ports come with the socket and the ids of their adapter, in the order of their numbers', async () => {
    const sysfs = tree(
      {
        [`${stlink}/idVendor`]: '0483\n',
        [`${stlink}/idProduct`]: '374b\n',
        [`${stlink}/product`]: 'STM32 STLink\n',
        [`${stlink}/1-4.2:1.2/bInterfaceNumber`]: '02\n',
        [`${ftdi}/idVendor`]: '0403\n',
        [`${ftdi}/idProduct`]: '6001\n',
        [`${ftdi}/1-10:1.0/ttyUSB10/port_number`]: '0\n',
        'devices/pnp0/00:04/id': 'PNP0501\n',
        'devices/platform/serial8250/uevent': '\n',
        'class/tty/ttyS0/type': '4\n',
        'class/tty/ttyS1/type': '0\n',
        'class/tty/tty1/uevent': '\n',
        'class/tty/ttyUSB9/uevent': '\n',
      },
      {
        'class/tty/ttyACM0/device': `../../../${stlink}/1-4.2:1.2`,
        'class/tty/ttyUSB10/device': `../../../${ftdi}/1-10:1.0/ttyUSB10`,
        'class/tty/ttyS0/device': '../../../devices/pnp0/00:04',
        'class/tty/ttyS1/device': '../../../devices/platform/serial8250',
        'class/tty/ttyUSB9/device': '../../../devices/gone',
      },
    );
    expect(await listSerial({ platform: 'linux', sysfs })).toEqual([
      {
        path: '/dev/ttyACM0',
        usb: {
          socket: { bus: 1, ports: [4, 2] },
          vendorId: 0x0483,
          productId: 0x374b,
          productName: 'STM32 STLink',
        },
      },
      { path: '/dev/ttyS0' },
      {
        path: '/dev/ttyUSB10',
        usb: { socket: { bus: 1, ports: [10] }, vendorId: 0x0403, productId: 0x6001, productName: null },
      },
    ]);
  });

  test('a machine without such a folder has no ports', async () => {
    expect(await listSerial({ platform: 'linux', sysfs: tree({}, {}) })).toEqual([]);
  });
});

describe('elsewhere', () => {
  const library = (ports: readonly object[]) => async () =>
    ({ SerialPort: { list: async () => ports } }) as unknown as SerialLibrary;

  test('macOS tells the socket in its location id', async () => {
    const ports = [
      { path: '/dev/tty.usbmodem14203', vendorId: '0483', productId: '374b', locationId: '14220000' },
      { path: '/dev/tty.Bluetooth-Incoming-Port' },
      { path: '/dev/tty.odd', vendorId: '0483', productId: '374b', locationId: '02040100' },
    ];
    const listed = await listSerial({ platform: 'darwin', load: library(ports) });
    expect(listed.map(({ path, usb }) => [path, usb?.socket])).toEqual([
      ['/dev/cu.Bluetooth-Incoming-Port', undefined],
      ['/dev/cu.odd', undefined],
      ['/dev/cu.usbmodem14203', { bus: 0x14, ports: [2, 2] }],
    ]);
  });

  test('Windows tells ids, and no socket', async () => {
    const ports = [
      { path: 'COM12', vendorId: '0403', productId: '6001', locationId: 'Port_#0002.Hub_#0001' },
      { path: 'COM3' },
    ];
    expect(await listSerial({ platform: 'win32', load: library(ports) })).toEqual([
      { path: 'COM3' },
      { path: 'COM12', usb: { vendorId: 0x0403, productId: 0x6001, productName: null } },
    ]);
  });

  test('without the library the fault names what to install', async () => {
    const missing = listSerial({ platform: 'win32', load: () => Promise.reject(new Error('none')) });
    await expect(missing).rejects.toMatchObject({ code: 'serial-library-missing' });
  });
});
