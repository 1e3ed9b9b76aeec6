// The machine code of the agents that have USB, on the model of their USB controllers, as a device of a Linux
// kernel: the kernel enumerates it, lsusb reads it, Debian's dfu-util is refused with a changed
// file and installs a sound one.

import { findChip } from '@firmseal/chips';
import { ChipUsbPort, type Setup, type UsbDevice } from '@firmseal/virtual-stm32';
import { describe, expect, test } from 'vitest';
import { withLicense } from '../../device/agent/test/dfu-util.ts';
import type { Line } from '../../device/agent/test/line.ts';
import { personalizeMachine } from '../../device/agent/test/machine-line.ts';
import { makePackage, places, type TestChipId } from '../../device/agent/test/trusted-site.ts';
import { usbBlock } from '../../device/agent/test/usb-host.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { quickMachineLine } from '../power/bench.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

skipTests(onlyInWhole);

async function bench(chipId: TestChipId): Promise<{ line: Line; file: Uint8Array }> {
  const build = buildAgent(targetOf(chipId));
  const block = usbBlock(findChip(chipId), { landingPage: 'https://fw.example.com/' });
  const line = quickMachineLine(chipId, 'usb vm', build, block);
  await personalizeMachine(line, 2);
  return { line, file: await withLicense(await makePackage(chipId), line) };
}

/**
 * The chip leaves the bus by its reset. The guest's link does not tell the kernel, so that the reset of the
 * bus with which dfu-util ends is never answered: what it said until then is what counts.
 */
const install = (seconds: number) =>
  [
    ': > whole.log; dfu-util -D app.seal > whole.log 2>&1 &',
    `waited=0; until grep -q "dfuMANIFEST-WAIT-RESET\\|dfuERROR\\|LIBUSB_ERROR" whole.log || [ $waited -ge ${5 * seconds} ]; do sleep 0.2; waited=$((waited + 1)); done`,
    'cat whole.log',
  ].join('\n');

/** What is on the bus; `before` sees each control request first. */
function plugged(usb: ChipUsbPort, before: (setup: Setup) => void = () => {}) {
  const watched = new Map<UsbDevice, UsbDevice>();
  return {
    busId: '1-1',
    get device() {
      const { device } = usb;
      if (device === undefined) return undefined;
      const known = watched.get(device) ?? {
        ...device,
        control: (...asked: Parameters<NonNullable<UsbDevice['control']>>) => {
          before(asked[0]);
          return device.control!(...asked);
        },
      };
      watched.set(device, known);
      return known;
    },
  };
}

const isInstalled = (line: Line) => {
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', installCount: 1 });
};

describe.each(Object.keys(places) as TestChipId[])('the machine code of %s', (chipId) => {
  test('is found by a kernel; dfu-util is refused and installs', async () => {
    const { line, file } = await bench(chipId);
    const changed = file.slice();
    changed[changed.length - 1]! ^= 1;
    const usb = new ChipUsbPort(line.chip);
    try {
      const { output } = await runInGuest({
        ...{ guest: guest!, devices: [plugged(usb)], timeoutMs: 300_000 },
        files: { 'changed.seal': changed, 'app.seal': file },
        script: [
          'lsusb -v -d 1209:0001 | grep -E "iSerial|iLandingPage|bcdUSB"',
          'dfu-util -l',
          'dfu-util -D changed.seal; echo "changed $?"',
          install(120),
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
    isInstalled(line);
  }, 600_000);

  test('survives a cable that is pulled in each state of a download, and then installs', async () => {
    const { line, file } = await bench(chipId);
    const blocks = Math.ceil(file.length / 1024);
    const isDownload = ({ requestType, request }: Setup) => requestType === 0x21 && request === 1;
    const isStatus = ({ requestType, request }: Setup) => requestType === 0xa1 && request === 3;
    // DFU 1.1 section 6.1.2: which request finds the device in which state, once so many blocks were sent.
    const pulls: [string, (setup: Setup) => boolean, number][] = [
      ['dfuIDLE', isDownload, 0],
      ['dfuDNLOAD-SYNC, in the header', isStatus, 2],
      ['dfuDNLOAD-IDLE, in the header', isDownload, 3],
      ['dfuDNLOAD-SYNC, in the records', isStatus, blocks - 1],
      ['dfuDNLOAD-IDLE, after the last block', isDownload, blocks],
    ];
    for (const [state, isWhen, after] of pulls) {
      let sent = 0;
      let pulled = false;
      const usb = new ChipUsbPort(line.chip);
      const device = plugged(usb, (setup) => {
        if (!pulled && sent === after && isWhen(setup)) {
          pulled = true;
          line.chip.touchUsb((wire) => wire.unplug());
        }
        if (isDownload(setup)) sent++;
      });
      try {
        const job = { guest: guest!, files: { 'app.seal': file }, timeoutMs: 300_000 };
        const { output } = await runInGuest({ ...job, devices: [device], script: install(15) });
        expect(pulled, state).toBe(true);
        expect(output, state).not.toContain('Download done.');
      } finally {
        usb.close();
      }
      // The UART answers at once; the host that comes next finds an idle device.
      expect(line.info().get(1), state).toBe(chipId);
      line.chip.touchUsb((wire) => wire.plug());
    }
    const usb = new ChipUsbPort(line.chip);
    try {
      const { output } = await runInGuest({
        ...{ guest: guest!, devices: [plugged(usb)], timeoutMs: 300_000 },
        files: { 'app.seal': file },
        script: install(120),
      });
      expect(output).toContain('state(8) = dfuMANIFEST-WAIT-RESET, status(0)');
    } finally {
      usb.close();
    }
    expect(line.chip.machine.usb!.core.mistakes).toEqual([]);
    isInstalled(line);
  }, 1_800_000);
});
