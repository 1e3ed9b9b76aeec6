// The machine code of F427's and H743's agent, on the model of their USB controllers, as a device of a Linux
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
import { usbChips } from '../hostile-usb/campaign.ts';
import { quickMachineLine } from '../power/bench.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

skipTests(onlyInWhole);

test.each(usbChips)(
  'a kernel finds the machine code of %s, and dfu-util is refused and installs',
  async (chipId) => {
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
          // The chip leaves the bus by its reset. The guest's link does not tell the kernel, so that the reset
          // of the bus with which dfu-util ends is never answered: what it said until then is what counts.
          'dfu-util -D app.seal > whole.log 2>&1 &',
          'waited=0; until grep -q "dfuMANIFEST-WAIT-RESET\\|dfuERROR" whole.log || [ $waited -ge 600 ]; do sleep 0.2; waited=$((waited + 1)); done',
          'cat whole.log',
        ].join('\n'),
      });
      const serial = Buffer.from(line.chip.uid).toString('hex').toUpperCase();
      expect(output).toMatch(new RegExp(`iSerial +3 ${serial}`));
      expect(output).toMatch(/iLandingPage +1 https:\/\/fw\.example\.com\//);
      expect(output).toContain('alt=0, name="firmseal package"');
      expect(output).toMatch(/status\(2\) = File is for this device but fails[\s\S]*changed 74/);
      expect(output).toContain('Download done.');
      expect(output).toContain('state(8) = dfuMANIFEST-WAIT-RESET, status(0)');
      expect(line.chip.machine.usb!.core.mistakes).toEqual([]);
    } finally {
      usb.close();
    }
    line.chip.setPin('agent-request', true);
    line.chip.reset();
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', installCount: 1 });
  },
  600_000,
);
