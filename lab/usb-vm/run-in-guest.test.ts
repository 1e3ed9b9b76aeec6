// The machine itself: a script's output and exit code, its files, and what is said when
// it does not come to its end.

import { describe, expect, test } from 'vitest';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, lackOfGuest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

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

  test('says which device is not there', async () => {
    const devices = [{ busId: '1-1', device: undefined }];
    const job = { guest: guest!, devices, script: 'true', timeoutMs };
    await expect(runInGuest(job)).rejects.toThrow('device 1-1 was not attached');
  });
});
