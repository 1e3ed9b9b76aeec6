// The adapters for USB devices and serial ports on a Linux kernel: npm's usb and serialport run in
// the guest on this tree, and report each case. Without a kernel the same suite runs on a model of
// the library (packages/usb-adapter).

import { fileURLToPath } from 'node:url';
import { createSuiteDevice, usbDeviceCases } from '@firmseal/usb-device/testing';
import {
  cmsisDapBulk,
  createVirtualChip,
  machineCode,
  type ProbeTarget,
  probeTarget,
  stlinkUsb,
} from '@firmseal/virtual-stm32';
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

const node = (program: string, ...given: readonly (string | number)[]): string =>
  `chroot /r /bin/sh -c "cd '${root}' && '${process.execPath}' lab/usb-vm/in-guest/${program}.ts ${given.join(' ')}"`;

const outcomesIn = (output: string): Outcome[] =>
  [...output.matchAll(/^@@(.*)$/gm)].map(([, json]) => JSON.parse(json!) as Outcome);

function target(id: string): ProbeTarget {
  const chip = createVirtualChip({ chip: id, seed: `probe ${id}`, executors: [machineCode()] });
  chip.powerOn();
  return probeTarget(chip);
}

describe('npm packages on the USB of a kernel', () => {
  skipTests(onlyInWhole);

  test('usb and serialport do what the adapters promise', async () => {
    const devices = [
      ...Array.from({ length: suiteDevices }, createSuiteDevice),
      createSerialDevice({ sendsBreak: true }),
      createSerialDevice({ sendsBreak: false }),
    ].map((device, index) => ({ busId: `1-${index + 1}`, device }));
    const { output } = await runInGuest({
      ...{ guest: guest!, devices, timeoutMs, hostFiles: true },
      script: [
        'sh host-root.sh',
        node('usb-suite', suiteDevices),
        node('serial-suite', `1-${suiteDevices + 1}`),
      ].join('\n'),
    });
    const outcomes = outcomesIn(output);
    const failed = outcomes.filter(({ outcome }) => outcome !== 'passed');
    expect(failed, output).toEqual([]);
    expect(outcomes, output).toHaveLength(usbDeviceCases.length + 2 + 5);
  });

  test('OpenOCD holds the probe in the socket that it was given', async () => {
    const chips = ['stm32f427', 'stm32u575', 'stm32h743'] as const;
    const probes = [
      stlinkUsb(target(chips[0]), { serial: 'same' }),
      stlinkUsb(target(chips[1]), { serial: 'same' }),
      cmsisDapBulk(target(chips[2]), { serial: 'dap' }),
    ];
    const { output } = await runInGuest({
      devices: probes.map((device, index) => ({ busId: `1-${index + 1}`, device })),
      ...{ guest: guest!, timeoutMs, hostFiles: true },
      script: ['sh host-root.sh', node('probe-suite', ...chips)].join('\n'),
    });
    expect(outcomesIn(output), output).toEqual(
      chips.map((id, index) => ({ name: `${id} in port ${index + 1}`, outcome: 'passed' })),
    );
  });
});
