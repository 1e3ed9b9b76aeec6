// How the clients that people have reach a chip's doors: command lines to copy. stm32flash
// 0.7, dfu-util 0.11, OpenOCD 0.12.

import type { Chip } from '@firmseal/chips';
import { hexAddress } from '@firmseal/chips';
import type { Doors, UsbProbeDoor } from './doors.ts';

/** OpenOCD's file for the chip, and what must be set before it. */
const openocdTargets: Readonly<Record<string, readonly [file: string, before: string]>> = {
  stm32f405: ['stm32f4x', ''],
  stm32f411: ['stm32f4x', ''],
  stm32f427: ['stm32f4x', ''],
  stm32f427xg: ['stm32f4x', ''],
  stm32f446: ['stm32f4x', ''],
  stm32h743: ['stm32h7x', 'set DUAL_BANK 1'],
  stm32g0b1: ['stm32g0x', ''],
  stm32l476: ['stm32l4x', ''],
  stm32u575: ['stm32u5x', ''],
};

export interface ConnectLine {
  readonly client: 'firmseal' | 'stm32flash' | 'socat' | 'usbip' | 'dfu-util' | 'openocd';
  readonly command: string;
  /** It needs a part of the laboratory (lab/dfu-shim), which no installation has: for machines only. */
  readonly laboratory?: true;
}

function uartLines(uart: string | number, number: number): ConnectLine[] {
  const flash = (path: string): ConnectLine => ({
    client: 'stm32flash',
    command: `stm32flash -m 8n1 -b 115200 -w image.bin -v ${path}`,
  });
  if (typeof uart === 'string') return [flash(uart)];
  const path = `./virtual-${number}`;
  return [
    { client: 'socat', command: `socat pty,raw,echo=0,link=${path} tcp:127.0.0.1:${uart} &` },
    flash(path),
    { client: 'firmseal', command: `firmseal install PACKAGE ... --socket tcp:127.0.0.1:${uart}` },
  ];
}

function usbLines({ port, busId }: { port: number; busId: string }, start: string): ConnectLine[] {
  const download = `dfu-util -p ${busId} -a 0 -s ${start} -D image.bin`;
  return [
    attachLine({ port, busId }),
    { client: 'dfu-util', command: `dfu-util -a 0 -s ${start} -D image.bin` },
    {
      client: 'dfu-util',
      command: `LD_PRELOAD=./libusb-over-usbip.so USBIP_SHIM_PORT=${port} ${download}`,
      laboratory: true,
    },
  ];
}

const noServers = ['gdb_port disabled', 'tcl_port disabled', 'telnet_port disabled'];

function openocdLine(chip: Chip, adapter: readonly string[]): ConnectLine[] {
  const target = openocdTargets[chip.id];
  if (target === undefined) return [];
  const [file, before] = target;
  const words = [
    `openocd -c '${[...adapter, ...noServers].join('; ')}'`,
    ...(before === '' ? [] : [`-c '${before}'`]),
    `-f target/${file}.cfg -c 'program image.bin verify exit ${hexAddress(chip.flash.addressStart)}'`,
  ];
  return [{ client: 'openocd', command: words.join(' ') }];
}

const stlinkAdapter = ['adapter driver st-link', 'st-link vid_pid 0x0483 0x3748'];
const serverAdapter = (port: number): readonly string[] => [
  ...['adapter driver st-link', `st-link backend tcp ${port}`, 'st-link vid_pid 0x0483 0x3748'],
  'transport select dapdirect_swd',
];
const cmsisDapAdapter = (backend: string, product: string): readonly string[] => [
  ...['adapter driver cmsis-dap', `cmsis_dap_backend ${backend}`, `cmsis_dap_vid_pid 0x1209 ${product}`],
];

/** OpenOCD's adapter for each probe on USB, and the transport that it has. */
const usbAdapters: Readonly<
  Record<UsbProbeDoor['kind'], readonly [adapter: readonly string[], transport: string]>
> = {
  'stlink-usb': [stlinkAdapter, 'dapdirect_swd'],
  'cmsis-dap': [cmsisDapAdapter('usb_bulk', '0x0002'), 'swd'],
  'cmsis-dap-v1': [cmsisDapAdapter('hid', '0x0001'), 'swd'],
};

const attachLine = ({ port, busId }: { port: number; busId: string }): ConnectLine => ({
  client: 'usbip',
  command: `sudo usbip --tcp-port ${port} attach -r 127.0.0.1 -b ${busId}`,
});

function usbProbeLines(chip: Chip, probe: UsbProbeDoor): ConnectLine[] {
  const [adapter, transport] = usbAdapters[probe.kind];
  const openocd = [...adapter, `adapter serial ${probe.serial}`, `transport select ${transport}`];
  return [attachLine(probe), ...openocdLine(chip, openocd)];
}

/** Lines for every door that is open; `image.bin` stands for the user's firmware. */
export function connectLines(chip: Chip, number: number, doors: Doors): ConnectLine[] {
  const start = hexAddress(chip.flash.addressStart);
  return [
    ...(doors.uart === undefined ? [] : uartLines(doors.uart, number)),
    ...(doors.usb === undefined ? [] : usbLines(doors.usb, start)),
    ...(doors.stlinkPort === undefined ? [] : openocdLine(chip, serverAdapter(doors.stlinkPort))),
    ...(doors.probeUsb === undefined ? [] : usbProbeLines(chip, doors.probeUsb)),
  ];
}
