import { describe, expect, test } from 'vitest';
import { probeCommands, type SocketDevice } from './index.ts';

const at = (
  port: number,
  ids: readonly [number, number],
  more: Partial<SocketDevice> = {},
): SocketDevice => ({
  ...{ socket: { bus: 1, ports: [4, port] }, vendorId: ids[0], productId: ids[1], productName: null },
  ...{ serialNumber: null, ...more },
});
const commands = (device: SocketDevice, ...others: SocketDevice[]) =>
  probeCommands(device, [device, ...others]).commands;

describe('a probe is picked', () => {
  test('by its socket: ST-LINK, J-Link, FTDI', () => {
    expect(commands(at(2, [0x0483, 0x374b]))).toEqual([
      'adapter driver st-link',
      'st-link vid_pid 0x0483 0x374b',
      'adapter usb location 1-4.2',
      'transport select dapdirect_swd',
    ]);
    expect(commands(at(2, [0x1366, 0x0101]))).toContain('adapter usb location 1-4.2');
    expect(commands(at(2, [0x0403, 0x6014]))).toEqual([
      'source [find interface/ftdi/ft232h-module-swd.cfg]',
      'adapter usb location 1-4.2',
    ]);
  });

  test('by its serial number where OpenOCD knows no sockets: CMSIS-DAP', () => {
    const dap = at(2, [0x0d28, 0x0204], { serialNumber: '0240-1' });
    const other = at(3, [0x0d28, 0x0204], { serialNumber: '0240-2' });
    expect(commands(dap, other)).toContain('adapter serial 0240-1');
  });
});

test('a device that no table knows is taken for CMSIS-DAP', () => {
  const unknown = at(2, [0x1209, 0x4853], { serialNumber: 'X', productName: 'A probe' });
  const { names, commands: given } = probeCommands(unknown, [unknown]);
  expect(names).toEqual({ probe: '1209:4853 A probe', socket: '1-4.2' });
  expect(given[0]).toBe('adapter driver cmsis-dap');
});

describe('a probe is refused', () => {
  const dap = (serialNumber: string | null, port = 2) => at(port, [0x0d28, 0x0204], { serialNumber });
  test.each([
    ['without a serial number', dap(null), []],
    ['with an empty one', dap(''), []],
    ['with the serial number of another', dap('A'), [dap('A', 3)]],
  ] as const)('as CMSIS-DAP %s', (_, device, others) => {
    expect(() => commands(device, ...others)).toThrow(expect.objectContaining({ code: 'probe-ambiguous' }));
  });

  test.each(['[exec id]', 'a;shutdown', 'a b', '$x', '{', '"', 'a\nb', 'x'.repeat(65)])(
    'when its serial number would mean something in Tcl: %j',
    (serial) => {
      expect(() => commands(dap(serial))).toThrow(expect.objectContaining({ code: 'probe-ambiguous' }));
    },
  );

  test('when it is no probe, or one that cannot do SWD', () => {
    expect(() => commands(at(2, [0x0483, 0xdf11], { productName: 'STM32  BOOTLOADER' }))).toThrow(
      expect.objectContaining({
        code: 'probe-kind-unknown',
        fields: { socket: '1-4.2', device: '0483:df11 STM32  BOOTLOADER' },
      }),
    );
    expect(() => commands(at(2, [0x0483, 0x3744]))).toThrow(
      expect.objectContaining({ code: 'openocd-probe-too-old' }),
    );
  });
});
