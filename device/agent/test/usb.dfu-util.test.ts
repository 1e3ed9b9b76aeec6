// Debian's dfu-util, unmodified, against the installed agent over USB/IP: plain `dfu-util -D app.seal`, with
// this chip's standing license in the package's header.

import { afterAll, describe, expect, it } from 'vitest';
import { canRunDfuUtil, DfuUtil, withLicense } from './dfu-util.ts';
import { type Line, personalizedLine } from './line.ts';
import { makePackage, places, type TestChipId } from './trusted-site.ts';

const program = canRunDfuUtil ? new DfuUtil() : undefined;
afterAll(() => program?.end());
const dfuUtil = (line: Line, args: readonly string[], file?: Uint8Array) =>
  program!.run(line, args, file && { file });

describe.runIf(canRunDfuUtil).each<TestChipId>(['stm32f427', 'stm32h743'])('%s', (chipId) => {
  it('is listed once, and plain -D installs a package with this chip in its license; the application boots', async () => {
    const line = await personalizedLine(chipId);
    const listed = await dfuUtil(line, ['-l']);
    expect(listed.printed.match(/Found DFU/g)).toHaveLength(1);
    const serial = Buffer.from(line.chip.uid).toString('hex').toUpperCase();
    expect(listed.printed).toContain('Found DFU: [1209:0001]');
    expect(listed.printed).toContain(`alt=0, name="firmseal package", serial="${serial}"`);

    const sealed = await makePackage(chipId, { core: { leastReadoutLevel: 2 } });
    const { status, printed } = await dfuUtil(line, ['-D'], await withLicense(sealed, line));
    expect(printed).toContain('DFU mode device DFU version 0110');
    expect(printed).toContain('state(7) = dfuMANIFEST, status(0) = No error condition is present');
    expect([status, printed]).toEqual([0, expect.stringContaining('Done!')]);
    expect(line.chip.bootedApplication).toEqual({ address: places[chipId].firmware, mapping: 'normal' });
    expect((await dfuUtil(line, ['-l'])).printed).not.toContain('Found DFU');

    line.chip.setPin('agent-request', true);
    line.chip.reset();
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', manifestDigest: sealed.manifestDigest });
  });

  it("another chip's license: fails with errTARGET, and nothing was erased", async () => {
    const line = await personalizedLine(chipId);
    const other = await personalizedLine(chipId, 2, 'another chip');
    const sealed = await makePackage(chipId);
    const { status, printed } = await dfuUtil(line, ['-D'], await withLicense(sealed, other));
    expect(printed).toContain('status(1) = File is not targeted for use by this device');
    expect(status).not.toBe(0);
    expect(line.hello().lifeCycle).toBe('personalized');
  });

  it('a file that is cut: its end is refused, and no application', async () => {
    const line = await personalizedLine(chipId);
    const file = await withLicense(await makePackage(chipId), line);
    const { status, printed } = await dfuUtil(line, ['-D'], file.subarray(0, -20));
    expect(printed).toContain('Error sending completion packet');
    expect(status).not.toBe(0);
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeUndefined();
  });
});
