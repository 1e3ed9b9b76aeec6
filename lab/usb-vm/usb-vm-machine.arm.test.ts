// The machine code of H743's agent, on the model of its USB controller, as a device of a Linux
// kernel: the kernel enumerates it, lsusb reads it, Debian's dfu-util is refused with a changed
// file and installs a sound one.

import { findChip } from '@firmseal/chips';
import { ChipUsbPort } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { withLicense } from '../../device/agent/test/dfu-util.ts';
import { personalizeMachine } from '../../device/agent/test/machine-line.ts';
import { makePackage } from '../../device/agent/test/trusted-site.ts';
import { usbBlock } from '../../device/agent/test/usb-host.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { quickMachineLine } from '../power/bench.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

skipTests(onlyInWhole);

const chipId = 'stm32h743';

test('a kernel finds the machine code, and dfu-util is refused and installs', async () => {
  const build = buildAgent(targetOf(chipId));
  const block = usbBlock(findChip(chipId), { landingPage: 'https://fw.example.com/' });
  const line = quickMachineLine(chipId, 'usb vm', build, block);
  await personalizeMachine(line, 2);
  const file = await withLicense(await makePackage(chipId), line);
  const changed = file.slice();
  changed[changed.length - 1]! ^= 1;
  const usb = new ChipUsbPort(line.chip);
  const plugged = {
    busId: '1-1',
    get device() {
      return usb.device;
    },
  };
  try {
    const { output } = await runInGuest({
      ...{ guest: guest!, devices: [plugged], timeoutMs: 300_000 },
      files: { 'changed.seal': changed, 'app.seal': file },
      script: [
        'lsusb -v -d 1209:0001 | grep -E "iSerial|iLandingPage|bcdUSB"',
        'dfu-util -l',
        'dfu-util -D changed.seal; echo "changed $?"',
        'dfu-util -D app.seal; echo "whole $?"',
        'dmesg | grep "usb 1-1"',
      ].join('\n'),
    });
    const serial = Buffer.from(line.chip.uid).toString('hex').toUpperCase();
    expect(output).toMatch(new RegExp(`iSerial +3 ${serial}`));
    expect(output).toMatch(/iLandingPage +1 https:\/\/fw\.example\.com\//);
    expect(output).toContain('alt=0, name="firmseal package"');
    expect(output).toMatch(/status\(2\) = File is for this device but fails[\s\S]*changed 74/);
    expect(output).toContain('state(7) = dfuMANIFEST, status(0)');
    expect(output).toMatch(/Done![\s\S]*whole 0/);
    expect(line.chip.machine.usb!.core.mistakes).toEqual([]);
  } finally {
    usb.close();
  }
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', installCount: 1 });
}, 600_000);
