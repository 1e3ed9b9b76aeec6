// What OpenOCD 0.12 printed on other machines, and what it means.

import { findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { startFault } from './openocd-words.ts';

const head = 'Open On-Chip Debugger 0.12.0\nLicensed under GNU GPL v2\n';
const names = { probe: 'ST-LINK/V2-1', socket: '1-4.2' };
const faultOf = (printed: string) => startFault(printed, names, findChip('stm32f427'));

test.each([
  [
    'Error: libusb_open() failed with LIBUSB_ERROR_ACCESS\nError: open failed\n',
    'openocd-probe-not-permitted',
  ],
  [
    'Error: could not open device 0x0d28:0x0204: Access denied (insufficient permissions)\nError: unable to find a matching CMSIS-DAP device\n',
    'openocd-probe-not-permitted',
  ],
  [
    'Error: libusb_claim_interface() failed with LIBUSB_ERROR_BUSY\nError: open failed\n',
    'openocd-probe-in-use',
  ],
  ['Error: open failed\n', 'openocd-probe-missing'],
  ['Error: No J-Link device found\n', 'openocd-probe-missing'],
  ['Error: unable to find a matching CMSIS-DAP device\n', 'openocd-probe-missing'],
  [
    "Error: unable to open ftdi device with vid 0403, pid 6014, description '*', serial '*' at bus location '1-4.2'\n",
    'openocd-probe-missing',
  ],
  [
    'Info : Target voltage: 3.25\nError: init mode failed (unable to connect to the target)\n',
    'openocd-no-target',
  ],
  ['Info : SWD DPIDR 0x00000000\nError: Error connecting DP: cannot read IDR\n', 'openocd-no-target'],
  [
    'Warn : target voltage may be too low for reliable debugging\nError: Error connecting DP: cannot read IDR\n',
    'openocd-no-target',
  ],
  ['Error: CMSIS-DAP command CMD_INFO failed.\n', 'openocd-probe-broken'],
  ['Error: a sentence that nobody knows\n', 'openocd-ended'],
  ['', 'openocd-ended'],
])('%j', (printed, code) => {
  expect(faultOf(head + printed)).toMatchObject({ code });
});

test('an older OpenOCD is told by its version, whatever it stumbled over', () => {
  expect(faultOf('Open On-Chip Debugger 0.11.0\ninvalid command name "st-link"\n')).toMatchObject({
    code: 'openocd-too-old',
    fields: { version: '0.11' },
  });
});

test('the last error is what people are told', () => {
  expect(faultOf(`${head}Error: first\nError: second\nInfo : after\n`).fields['said']).toBe('second');
});
