// The agent over USB, as spec/link.md section 5 has it: a package as a file, and frames as a byte stream
// under the clients that know nothing of USB.

import { AgentClient } from '@firmseal/agent-client';
import { concatBytes } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { attachLicense } from '@firmseal/seal';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { describe, expect, it } from 'vitest';
import { personalizedLine } from '../../../device/agent/test/line.ts';
import { makeLicense, makePackage, places } from '../../../device/agent/test/trusted-site.ts';
import { chipUsbPlace } from '../test/index.ts';
import { downloadFile, findDfuInterface, openFrameStream } from './index.ts';

const chipId = 'stm32f427';

/** A file in pieces that fit no block. */
function* inPieces(file: Uint8Array, pieceBytes = 777) {
  for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
}

describe('the agent over USB', () => {
  it('takes a package with its license as a file, and boots it', async () => {
    const line = await personalizedLine(chipId);
    line.hello();
    const sealed = await makePackage(chipId);
    const license = await makeLicense(sealed, line.device!);
    const file = concatBytes(...attachLicense(sealed.file, license.bundle));
    const device = await chipUsbPlace(line.chip).open();
    expect(findDfuInterface(device)).toBeUndefined();
    await device.open();
    expect(findDfuInterface(device)!.alternates).toHaveLength(2);
    await device.close();
    const sent: number[] = [];
    const clock = new TestClock();
    const onBlock = (bytes: number) => sent.push(bytes);
    const end = await clock.run(downloadFile({ device, clock, file: inPieces(file), onBlock }));
    // The agent resets by itself (spec/link.md section 5): the host's last question may come too late.
    expect(['wait-reset', 'left']).toContain(end);
    expect(sent.at(-1)).toBe(file.length);
    expect(line.chip.bootedApplication).toEqual({ address: places[chipId].firmware, mapping: 'normal' });
  });

  it("answers the agent's own fault: another chip's license", async () => {
    const line = await personalizedLine(chipId);
    const other = await personalizedLine(chipId, 2, 'another chip');
    other.hello();
    const sealed = await makePackage(chipId);
    const license = await makeLicense(sealed, other.device!);
    const file = concatBytes(...attachLicense(sealed.file, license.bundle));
    const device = await chipUsbPlace(line.chip).open();
    const clock = new TestClock();
    await expect(clock.run(downloadFile({ device, clock, file: [file] }))).rejects.toMatchObject({
      code: 'license-device-wrong',
      fields: { from: 'agent' },
    });
  });

  it('carries frames: info and hello by the client of any link', async () => {
    const line = await personalizedLine(chipId);
    const device = await chipUsbPlace(line.chip).open();
    const stream = await openFrameStream({ device, clock: systemClock });
    const agent = await AgentClient.connect({ stream, clock: systemClock });
    expect(agent.info.uniqueId).toEqual(line.chip.uid);
    const { hello } = await agent.hello(new Uint8Array(32));
    expect(hello.length).toBeGreaterThan(100);
    line.chip.powerOff();
    await expect(agent.hello(new Uint8Array(32))).rejects.toMatchObject({
      code: /^(link-closed|usb-device-lost)$/,
    });
  });

  it('is told from a ROM bootloader, which has no frames', async () => {
    const device = await chipUsbPlace(startInBootloader(chipId)).open();
    await expect(openFrameStream({ device, clock: systemClock })).rejects.toMatchObject({
      code: 'usb-no-frames',
    });
  });
});
