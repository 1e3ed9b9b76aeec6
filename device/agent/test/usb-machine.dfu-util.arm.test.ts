// Debian's dfu-util, unmodified, against the machine code that ships for H743, on the model of its
// controller: it installs and is refused, and a cable that is pulled in each state of the download leaves a
// chip that takes the same file afterwards.

import { findChip } from '@firmseal/chips';
import type { UsbDevice } from '@firmseal/virtual-stm32';
import { afterAll, describe, expect, it } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { canRunDfuUtil, DfuUtil, withLicense } from './dfu-util.ts';
import type { Line } from './line.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';
import { usbBlock } from './usb-host.ts';

const canRun = canRunDfuUtil && hasTool('arm-none-eabi-gcc');
const chipId = 'stm32h743';
const program = canRun ? new DfuUtil() : undefined;
afterAll(() => program?.end());

async function usbLine(): Promise<Line> {
  const build = buildAgent(targetOf(chipId));
  const line = quickMachineLine(chipId, 'dfu-util', build, usbBlock(findChip(chipId)));
  await personalizeMachine(line, 2);
  return line;
}

/** The cable goes at the request of that number: DNLOAD and GETSTATUS are counted. */
const pulledAt = (line: Line, number: number) => (device: UsbDevice) => {
  let seen = 0;
  const control: UsbDevice['control'] = (setup, data, answered) => {
    if ((setup.requestType & 0x7f) === 0x21 && [1, 3].includes(setup.request) && ++seen === number)
      line.chip.touchUsb((wire) => wire.unplug());
    return device.control(setup, data, answered);
  };
  return { ...device, control };
};

describe.runIf(canRun)('machine code of stm32h743', () => {
  it('a changed file is refused, a cable may go in any state, and the whole file installs', async () => {
    const line = await usbLine();
    const listed = await program!.run(line, ['-l']);
    expect(listed.printed.match(/Found DFU/g)).toHaveLength(1);
    const serial = Buffer.from(line.chip.uid).toString('hex').toUpperCase();
    expect(listed.printed).toContain(`alt=0, name="firmseal package", serial="${serial}"`);

    const file = await withLicense(await makePackage(chipId), line);
    const changed = file.slice();
    changed[changed.length - 1]! ^= 1;
    const refused = await program!.run(line, ['-D'], { file: changed });
    expect(refused.printed).toContain(
      'status(2) = File is for this device but fails some vendor-specific test',
    );
    expect(refused.status).not.toBe(0);

    // The first block or its status, the license, the middle of the records.
    for (const number of sampled([1, 2, 3, 4, 5, 6, 8, 10, 12], [2, 6, 12])) {
      const pulled = await program!.run(line, ['-D'], { file, over: pulledAt(line, number) });
      expect(pulled.status, pulled.printed).not.toBe(0);
      expect(line.info().get(1)).toBe(chipId);
      line.chip.touchUsb((wire) => wire.plug());
    }

    const { status, printed } = await program!.run(line, ['-D'], { file });
    expect(printed).toContain('state(7) = dfuMANIFEST, status(0) = No error condition is present');
    expect([status, printed]).toEqual([0, expect.stringContaining('Done!')]);
    expect((await program!.run(line, ['-l'])).printed).not.toContain('Found DFU');
    expect(line.chip.machine.usb!.core.mistakes).toEqual([]);
    line.chip.setPin('agent-request', true);
    line.chip.reset();
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', installCount: 1 });
  });
});
