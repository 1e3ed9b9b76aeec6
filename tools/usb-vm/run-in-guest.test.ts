// The machine itself: a script's output and exit code, its files, and what is said when it does not come to its end.

import { describe, expect, test } from 'vitest';
import { guestHere } from './guest.ts';
import { runInGuest } from './run-in-guest.ts';

const here = guestHere();
const guest = 'lacks' in here ? undefined : here;
if ('lacks' in here) console.warn(`skipped: no USB test machine, for want of ${here.lacks}`);
const timeoutMs = 90_000;

/** Each start takes seconds: the tests of the whole tree have theirs in sim/conformance. */
const whole = process.env['FIRMSEAL_USB_VM'] === 'whole';

describe.runIf(guest)('the machine', () => {
  test.runIf(whole)('runs a script with its files, and gives output and exit code', async () => {
    const files = { note: new TextEncoder().encode('a line\n') };
    const script = 'cat note; echo aside >&2; lsusb | grep -q vhci_hcd && echo hub; exit 3';
    const result = await runInGuest({ guest: guest!, devices: [], files, script, timeoutMs });
    expect(result).toEqual({ output: 'a line\naside\nhub\n', exitCode: 3 });
  });

  test('says so when time is over', async () => {
    const job = { guest: guest!, devices: [], script: 'true', timeoutMs: 1 };
    await expect(runInGuest(job)).rejects.toThrow('it was not done after 1 ms');
  });

  test.runIf(whole)('says which device is not there', async () => {
    const devices = [{ busId: '1-1', device: undefined }];
    const job = { guest: guest!, devices, script: 'true', timeoutMs };
    await expect(runInGuest(job)).rejects.toThrow('device 1-1 was not attached');
  });
});
