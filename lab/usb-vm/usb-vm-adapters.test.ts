// The adapters for USB devices and serial ports on a Linux kernel: npm's usb and serialport run in the guest on this tree, and
// report each case. Without a kernel the same suite runs on a model of the library (packages/usb-adapter).

import { fileURLToPath } from 'node:url';
import { createSuiteDevice, usbDeviceCases } from '@firmseal/usb-device/testing';
import { describe, expect, test } from 'vitest';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';
import { createSerialDevice } from './serial-device.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const timeoutMs = 500_000;
const suiteDevices = 4;

interface Outcome {
  readonly name: string;
  readonly outcome: string;
}

describe('npm packages on the USB of a kernel', () => {
  skipTests(onlyInWhole);

  test('usb and serialport do what the adapters promise', async () => {
    const devices = [
      ...Array.from({ length: suiteDevices }, createSuiteDevice),
      createSerialDevice({ sendsBreak: true }),
      createSerialDevice({ sendsBreak: false }),
    ].map((device, index) => ({ busId: `1-${index + 1}`, device }));
    const node = (program: string, argument: string | number): string =>
      `chroot /r /bin/sh -c "cd '${root}' && '${process.execPath}' lab/usb-vm/in-guest/${program}.ts ${argument}"`;
    const { output } = await runInGuest({
      ...{ guest: guest!, devices, timeoutMs, hostFiles: true },
      script: [
        'sh host-root.sh',
        node('usb-suite', suiteDevices),
        node('serial-suite', `1-${suiteDevices + 1}`),
      ].join('\n'),
    });
    const outcomes = [...output.matchAll(/^@@(.*)$/gm)].map(([, json]) => JSON.parse(json!) as Outcome);
    const failed = outcomes.filter(({ outcome }) => outcome !== 'passed');
    expect(failed, output).toEqual([]);
    expect(outcomes, output).toHaveLength(usbDeviceCases.length + 2 + 5);
  });
});
