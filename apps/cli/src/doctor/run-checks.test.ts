// The checks on machines that are made up: each finds what is in the way, says what to do, and finds
// nothing on a machine that is in order.

import { Fault } from '@firmseal/fault';
import { describe, expect, it } from 'vitest';
import type { Machine } from './machine.ts';
import { runChecks } from './run-checks.ts';
import { udevRules } from './udev-rules.ts';

const stLink = {
  socket: { bus: 1, ports: [4, 2] },
  ...{ vendorId: 0x0483, productId: 0x374b, deviceClass: 0, productName: 'STM32 STLink' },
  ...{ manufacturerName: null, serialNumber: null },
};

interface Facts {
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly shut?: readonly string[];
}

const sound: Facts = {
  files: {
    '/sys/bus/usb/devices/1-4.2/busnum': '1',
    '/sys/bus/usb/devices/1-4.2/devnum': '9',
    '/sys/bus/usb/devices/1-4/bDeviceClass': '09',
    '/sys/bus/usb/devices/1-4/speed': '480',
    '/sys/bus/usb/devices/1-4/bmAttributes': 'e0',
    '/sys/bus/usb-serial/devices/ttyUSB0/latency_timer': '1',
    '/proc/77/comm': 'sshd',
  },
  folders: {
    '/sys/bus/usb/drivers/cdc_acm': ['bind'],
    '/sys/bus/usb/devices': ['usb1', '1-4', '1-4.2', '1-4:1.0'],
    '/sys/bus/usb-serial/devices': ['ttyUSB0'],
    '/proc': ['77', 'self'],
    '/proc/77/fd': ['0'],
  },
  links: { '/proc/77/fd/0': '/dev/null' },
};

function machine(facts: Facts, changes: Partial<Machine> = {}): Machine {
  const all = (name: 'files' | 'folders' | 'links') =>
    ({ ...sound[name], ...facts[name] }) as Record<string, never>;
  return {
    platform: 'linux',
    nodeVersion: '24.0.0',
    environment: {},
    now: () => new Date('2027-01-01T00:00:00Z'),
    read: (path) => all('files')[path],
    names: (path) => all('folders')[path] ?? [],
    link: (path) => all('links')[path],
    mayUse: (path) => !(facts.shut ?? []).includes(path),
    run: () => 'Open On-Chip Debugger 0.12.0',
    usb: async () => [stLink],
    serial: async () => [{ path: '/dev/ttyACM0' }],
    health: async () => ({ ok: true, status: 200, date: 'Fri, 01 Jan 2027 00:00:30 GMT' }),
    ...changes,
  };
}

const found = async (one: Machine, authority = 'http://127.0.0.1:7443') =>
  (await runChecks(one, { authority })).filter(({ state }) => state === 'note' || state === 'problem');

const many = ['1-4.1', '1-4.2', '1-4.3', '1-4.4', '1-4.5'];

describe('firmseal doctor', () => {
  it('finds nothing in the way on a machine that is in order', async () => {
    expect(await found(machine({}))).toEqual([]);
  });

  it.each<[string, Machine, string]>([
    ['node', machine({}, { nodeVersion: '18.1.0' }), 'too old'],
    ['openocd', machine({}, { run: () => undefined }), 'does not start'],
    ['openocd', machine({}, { run: () => 'Open On-Chip Debugger 0.11.0' }), 'too old'],
    [
      'usb-library',
      machine({}, { usb: () => Promise.reject(new Fault('usb-not-found', { socket: '1-4' })) }),
      'USB',
    ],
    ['drivers', machine({ folders: { '/sys/bus/usb/drivers/cdc_acm': [] } }), 'cdc_acm'],
    ['serial-permissions', machine({ shut: ['/dev/ttyACM0'] }), '/dev/ttyACM0'],
    ['usb-permissions', machine({ shut: ['/dev/bus/usb/001/009'] }), 'ST-LINK/V2-1 in 1-4.2'],
    [
      'latency-timers',
      machine({ files: { '/sys/bus/usb-serial/devices/ttyUSB0/latency_timer': '16' } }),
      'ttyUSB0 holds bytes back for 16 ms',
    ],
    [
      'hubs',
      machine({ files: { '/sys/bus/usb/devices/1-4/speed': '12' } }),
      'the hub in 1-4 runs at 12 Mbit/s',
    ],
    [
      'hubs',
      machine({
        files: { '/sys/bus/usb/devices/1-4/bmAttributes': '80' },
        folders: { '/sys/bus/usb/devices': ['1-4', ...many] },
      }),
      'no supply of its own and 5 devices',
    ],
    [
      'holders',
      machine({ files: { '/proc/77/comm': 'minicom' }, links: { '/proc/77/fd/0': '/dev/ttyACM0' } }),
      'minicom (process 77) holds /dev/ttyACM0',
    ],
    ['holders', machine({ files: { '/proc/77/comm': 'ModemManager' } }), 'ModemManager runs'],
    ['clock', machine({}, { now: () => new Date('2020-01-01T00:00:00Z') }), 'before the release'],
    [
      'authority',
      machine({}, { health: async () => ({ ok: false, status: 503, date: null }) }),
      'answers with status 503',
    ],
    ['authority', machine({}, { health: () => Promise.reject(new Error('no route')) }), 'no route'],
    [
      'authority-clock',
      machine({}, { now: () => new Date('2027-01-01T01:00:00Z') }),
      '3570 s later than the authority',
    ],
  ])('%s', async (check, one, text) => {
    const findings = (await found(one)).filter((finding) => finding.check === check);
    expect(findings).toHaveLength(1);
    expect(findings[0]!.says).toContain(text);
    expect(findings[0]!.remedy).toBeTruthy();
  });

  it('says why it does not look where a system has no such thing', async () => {
    const findings = await runChecks(machine({}, { platform: 'win32' }));
    const names = findings.filter(({ state }) => state === 'not-looked').map(({ check }) => check);
    expect(names).toEqual([
      'drivers',
      'serial-permissions',
      'usb-permissions',
      'latency-timers',
      'hubs',
      'holders',
      'authority',
    ]);
  });

  it('writes a rule for each id that it knows', () => {
    expect(udevRules()).toContain('ATTRS{idVendor}=="0483", ATTRS{idProduct}=="df11", MODE="0660"');
    expect(udevRules()).toContain('ATTR{latency_timer}="1"');
  });
});
