// The adapter on a model of npm's usb: the suite of the seam, sockets and buses, and devices that stall, lie,
// vanish or say nothing. The same suite runs on npm's usb itself in the USB test machine (lab/usb-vm).

import { systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { createSuiteDevice, type SuiteDevice, usbDeviceCases } from '@firmseal/usb-device/testing';
import { describe, expect, test } from 'vitest';
import { createModelLibrary, type ModelPort } from '../test/model-library.ts';
import { findUsb, listUsb } from './index.ts';

const socket = { bus: 1, ports: [4, 2] };
const portOf = (device: SuiteDevice | undefined, more: Partial<ModelPort> = {}): ModelPort => ({
  ...{ bus: '001', ports: [4, 2], device },
  ...more,
});
const vendor = (request: number) =>
  ({ requestType: 'vendor', recipient: 'device', request, value: 4, index: 0 }) as const;

describe('the suite of the seam', () => {
  test.each(usbDeviceCases)('$name', async ({ run }) => {
    const port = portOf(undefined);
    const library = createModelLibrary([port]);
    let device = createSuiteDevice();
    await run({
      async plug() {
        device = createSuiteDevice();
        port.device = device;
        return findUsb(socket, systemClock, { load: async () => library });
      },
      unplug: async () => device.unplug(),
    });
    expect(library.claims()).toBe(0);
  });
});

describe('sockets', () => {
  const load = (ports: readonly ModelPort[]) => ({ load: async () => createModelLibrary(ports) });
  const other = () => createSuiteDevice();

  test('are those of Linux and of macOS, and on Windows the controllers are numbered', async () => {
    const listed = async (bus: string, ports: readonly number[]) =>
      (await listUsb(load([portOf(other(), { bus, ports })])))[0]?.socket;
    expect(await listed('003', [4, 2])).toEqual({ bus: 3, ports: [4, 2] });
    expect(await listed('012', [1])).toEqual({ bus: 12, ports: [1] });
    expect(await listed('14', [1])).toEqual({ bus: 0x14, ports: [1] });
    expect(await listed('00', [1])).toEqual({ bus: 0, ports: [1] });
    const windows = ['PCIROOT(0)#PCI(1400)#USBROOT(0)', 'PCIROOT(0)#PCI(0801)#PCI(0003)#USBROOT(0)'];
    const all = await listUsb(load(windows.map((bus) => portOf(other(), { bus, ports: [7] }))));
    expect(all.map(({ socket: { bus } }) => bus)).toEqual([1, 2]);
  });

  test('are listed in their order, without root hubs, and without opening a device', async () => {
    const ports = [[10], [2], [2, 1], [], [0, 4]].map((path) =>
      portOf(other(), { ports: path, namesThrow: true }),
    );
    const all = await listUsb(load(ports));
    expect(all.map(({ socket: { ports: path } }) => path)).toEqual([[2], [2, 1], [10]]);
    expect(all[0]).toMatchObject({ vendorId: 0x1209, productId: 1, productName: null, serialNumber: null });
  });

  test('an empty one is named', async () => {
    const empty = findUsb(socket, systemClock, load([portOf(other(), { ports: [4, 3] })]));
    await expect(empty).rejects.toMatchObject({ code: 'usb-not-found', fields: { socket: '1-4.2' } });
  });

  test('are taken by port path: two devices with one serial number are two', async () => {
    const ports = [portOf(other(), { ports: [1] }), portOf(other(), { ports: [2] })];
    const options = load(ports);
    expect(new Set((await listUsb(options)).map(({ serialNumber }) => serialNumber)).size).toBe(1);
    const [first, second] = [
      await findUsb({ bus: 1, ports: [1] }, systemClock, options),
      await findUsb({ bus: 1, ports: [2] }, systemClock, options),
    ];
    for (const device of [first, second]) {
      await device.open();
      await device.claimInterface(0);
    }
    await first.controlTransferOut(vendor(2), Uint8Array.of(1));
    await second.controlTransferOut(vendor(2), Uint8Array.of(2));
    expect((await first.controlTransferIn(vendor(2), 1)).data!.getUint8(0)).toBe(1);
    await first.close();
    await second.close();
  });
});

describe('what goes wrong', () => {
  const open = async (port: ModelPort, clock = systemClock) => {
    const device = await findUsb(socket, clock, { load: async () => createModelLibrary([port]) });
    await device.open();
    await device.claimInterface(0);
    return device;
  };

  test('without the npm package the fault names what to install', async () => {
    const missing = listUsb({ load: () => Promise.reject(new Error("Cannot find package 'usb'")) });
    await expect(missing).rejects.toMatchObject({ code: 'usb-library-missing' });
    await expect(missing).rejects.toHaveProperty('remedy', expect.stringContaining('npm install usb@3.1.0'));
  });

  test('a machine without USB says so', async () => {
    const getDevices = () =>
      Promise.reject(new Error('getDevices error: /sys/bus/usb/devices/ not found (errno 2)'));
    await expect(listUsb({ load: async () => ({ usb: { getDevices } }) })).rejects.toMatchObject({
      code: 'usb-unavailable',
      fields: { reason: '/sys/bus/usb/devices/ not found (errno 2)' },
    });
  });

  test.each([
    ['open error: failed to open device: Permission denied (errno 13)', 'usb-not-permitted'],
    ['open error: failed to open device: No such device (errno 19)', 'usb-unplugged'],
    ['open error: device is busy (errno 16)', 'usb-in-use'],
    ['open error: could not open device: access denied (error 5)', 'usb-not-permitted'],
    ['open error: device is in use (0xE00002C5)', 'usb-in-use'],
    ['open error: Interface driver is "usbser", not WinUSB', 'usb-driver-missing'],
    ['open error: something else', 'usb-open-failed'],
  ])('%s is %s', async (refuseOpen, code) => {
    await expect(open(portOf(createSuiteDevice(), { refuseOpen }))).rejects.toMatchObject({ code });
  });

  test('an interface that a driver holds is in use, and the device is left closed', async () => {
    const library = createModelLibrary([portOf(createSuiteDevice(), { heldByDriver: [0] })]);
    const device = await findUsb(socket, systemClock, { load: async () => library });
    await expect(device.open()).rejects.toMatchObject({ code: 'usb-in-use', fields: { socket: '1-4.2' } });
    expect([device.opened, library.claims()]).toEqual([false, 0]);
  });

  const lying = (descriptor: readonly number[]): SuiteDevice => ({
    ...createSuiteDevice(),
    configurationDescriptor: Uint8Array.from(descriptor),
  });
  test.each([
    ['nothing', []],
    ['a length of zero', [9, 2, 18, 0, 1, 1, 0, 0x80, 50, 0, 4, 0, 0, 0, 0, 0, 0, 0]],
    ['more than it sends', [9, 2, 255, 255, 1, 1, 0, 0x80, 50]],
    ['less than its own head', [9, 2, 4, 0, 1, 1, 0, 0x80, 50]],
    ['an interface cut short', [9, 2, 12, 0, 1, 1, 0, 0x80, 50, 3, 4, 0]],
  ])('a configuration that announces %s is refused, and the device closed', async (_, descriptor) => {
    const library = createModelLibrary([portOf(lying(descriptor))]);
    const device = await findUsb(socket, systemClock, { load: async () => library });
    await expect(device.open()).rejects.toMatchObject({ code: 'usb-descriptor-malformed' });
    expect([device.opened, library.claims()]).toEqual([false, 0]);
  });

  test('strings that are missing or torn are no names, and nothing more', async () => {
    const device: SuiteDevice = { ...createSuiteDevice(), strings: ['', 'a', 'b', 'c'] };
    expect(
      (await open(portOf(device))).configuration!.interfaces[0]!.alternates[1]!.interfaceName,
    ).toBeNull();
  });

  test('a library that does not come back is given up, and another device goes on', async () => {
    const clock = new TestClock();
    const library = createModelLibrary([
      portOf(createSuiteDevice()),
      portOf(createSuiteDevice(), { ports: [9] }),
    ]);
    const stuck = {
      usb: {
        getDevices: async () =>
          (await library.usb.getDevices()).map((device) =>
            Object.create(device, {
              controlTransferIn: {
                value: (setup: { requestType: string }, ...rest: [number, number]) =>
                  setup.requestType === 'vendor' && device.ports[0] === 4
                    ? new Promise(() => undefined)
                    : device.controlTransferIn(setup as never, ...rest),
              },
            }),
          ),
      },
    };
    const options = { load: async () => stuck };
    const first = await findUsb(socket, clock, options);
    await first.open();
    await first.claimInterface(0);
    await expect(clock.run(first.controlTransferIn(vendor(1), 8))).rejects.toMatchObject({
      code: 'usb-stuck',
    });
    await first.close();
    const second = await findUsb({ bus: 1, ports: [9] }, clock, options);
    await second.open();
    await second.claimInterface(0);
    expect((await second.controlTransferIn(vendor(1), 8)).status).toBe('ok');
    await second.close();
  });

  test('a device that left is another one when it comes back into its socket', async () => {
    const port = portOf(createSuiteDevice());
    const library = createModelLibrary([port]);
    const find = () => findUsb(socket, systemClock, { load: async () => library });
    const before = await find();
    await before.open();
    await before.claimInterface(0);
    (port.device as SuiteDevice).unplug();
    port.device = undefined;
    await expect(before.controlTransferIn(vendor(1), 1)).rejects.toMatchObject({
      code: 'usb-unplugged',
      fields: { socket: '1-4.2', device: '1209:0001 suite' },
    });
    await before.close();
    await expect(find()).rejects.toMatchObject({ code: 'usb-not-found' });
    port.device = createSuiteDevice();
    const after = await find();
    await after.open();
    await after.close();
  });
});
