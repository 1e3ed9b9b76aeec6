// The machine itself: a script's output and exit code, its files, and what is said when
// it does not come to its end.

import type { UsbDevice } from '@firmseal/virtual-stm32';
import { describe, expect, test } from 'vitest';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, lackOfGuest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';
import { createSerialDevice } from './serial-device.ts';

const timeoutMs = 90_000;

describe('the machine', () => {
  skipTests(lackOfGuest);

  test('says so when time is over', async () => {
    const job = { guest: guest!, devices: [], script: 'true', timeoutMs: 1 };
    await expect(runInGuest(job)).rejects.toThrow('it was not done after 1 ms');
  });
});

describe('the machine, started', () => {
  skipTests(onlyInWhole);

  test('runs a script with its files, and gives output and exit code', async () => {
    const files = { note: new TextEncoder().encode('a line\n') };
    const script = 'cat note; echo aside >&2; lsusb | grep -q vhci_hcd && echo hub; exit 3';
    const result = await runInGuest({ guest: guest!, devices: [], files, script, timeoutMs });
    expect(result).toEqual({ output: 'a line\naside\nhub\n', exitCode: 3 });
  });

  test('ends with its script, also where a device that left keeps the kernel from powering off', async () => {
    const cable = new AbortController();
    const device: UsbDevice = {
      ...createSerialDevice({ sendsBreak: false }),
      detached: cable.signal,
      control(setup) {
        // Who opens the port sets its lines.
        if (setup.value !== 0) cable.abort();
        return new Promise(() => {});
      },
    };
    const script = [
      'cat /dev/ttyACM0 &',
      'sleep 1',
      'echo 0 > /sys/bus/usb/devices/1-1/authorized &',
      'sleep 1',
    ].join('\n');
    const beginMs = Date.now();
    const devices = [{ busId: '1-1', device }];
    const result = await runInGuest({ guest: guest!, devices, script, timeoutMs });
    expect([result.exitCode, cable.signal.aborted]).toEqual([0, true]);
    expect(Date.now() - beginMs).toBeLessThan(timeoutMs);
  });

  test('says which device is not there', async () => {
    const devices = [{ busId: '1-1', device: undefined }];
    const job = { guest: guest!, devices, script: 'true', timeoutMs };
    await expect(runInGuest(job)).rejects.toThrow('device 1-1 was not attached');
  });
});
