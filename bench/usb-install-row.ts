// An install of 1 MiB over USB on a virtual chip whose agent is machine code, by a host that does what
// dfu-util does: a block, GETSTATUS, the announced wait. On the chip's clock: flash, the agent's cycles, what
// went over the bus, and waits that were announced longer than the work took.

import { concatBytes } from '@firmseal/bytes';
import { eraseProgramTimeUs, findChip } from '@firmseal/chips';
import { attachLicense } from '@firmseal/seal';
import { machineInSocket, personalizeMachine } from '../device/agent/test/machine-line.ts';
import { makeLicense, makePackage, pattern } from '../device/agent/test/trusted-site.ts';
import { dfuState, transferBytes, UsbHost, usbBlock } from '../device/agent/test/usb-host.ts';
import { targetOf } from '../device/agent/toolchain/targets.ts';
import { buildAgent } from '../device/agent/toolchain/thumb.ts';
import type { BenchRow } from './row.ts';

const length = 1024 * 1024;
const busy = [3, 4, 7];

export async function usbInstallRow(id: string, called: string): Promise<BenchRow> {
  const chip = findChip(id);
  const addressStart = chip.layout.slots[0]!.storeStart;
  const block = usbBlock(chip, { vendorId: 0x1234, productId: 0x5678 });
  const line = machineInSocket(id, 'usb bench', buildAgent(targetOf(id)), block);
  line.chip.powerOn();
  await personalizeMachine(line, 2);
  const sealed = await makePackage('stm32f427', {
    core: { entry: addressStart, chips: [id], leastReadoutLevel: 2, chunkSizeBytes: 4096 },
    areas: [
      {
        area: { kind: 'firmware', address: addressStart, lengthBytes: length },
        plaintext: pattern(length, 5),
      },
    ],
  });
  const { clock } = line.chip;
  const install = async (): Promise<{ timeUs: number; waitedUs: number }> => {
    line.hello();
    const { bundle } = await makeLicense(sealed, line.device!);
    const file = concatBytes(...attachLicense(sealed.file, bundle));
    const usb = new UsbHost(line.chip);
    await usb.open();
    const startUs = clock.nowUs;
    let waitedUs = 0;
    const settle = async (): Promise<number> => {
      for (;;) {
        const askedUs = clock.nowUs;
        const { state, pollMs } = await usb.status();
        const leftUs = Math.max(0, askedUs + pollMs * 1000 - clock.nowUs);
        clock.advance(leftUs);
        waitedUs += leftUs;
        if (!busy.includes(state)) return state;
      }
    };
    for (let at = 0; at < file.length; at += transferBytes) {
      await usb.download(file.subarray(at, at + transferBytes));
      const state = await settle();
      if (state !== dfuState.downloadIdle) throw new Error(`state ${state} after block at ${at}`);
    }
    await usb.download(new Uint8Array(0));
    await settle();
    const timeUs = clock.nowUs - startUs;
    usb.close();
    return { timeUs, waitedUs };
  };
  await install(); // from now on the place has to be erased
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  const { timeUs, waitedUs } = await install();
  const flashUs = eraseProgramTimeUs(chip, [{ addressStart, length }], 'typical');
  return {
    name: `install 1 MiB over USB on a virtual ${called} by machine code, to be erased`,
    value: timeUs / 1e6,
    unit: 's',
    ratio: timeUs / flashUs,
    ...{ aim: 1.35, limit: 1.5 },
    note: `simulated time, the build that ships; peer: flash ${(flashUs / 1e6).toFixed(2)} s; waits that were announced too long ${(waitedUs / 1e6).toFixed(2)} s`,
  };
}
