// What a download costs on the USB of a virtual chip: control transfers, and what its bootloader makes a host
// wait. By dfu-util through the shim, and by the project's own client.

import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { openDfuseProgrammer, planFlash, runPlan } from '@firmseal/programming';
import { enumerate } from '@firmseal/usb-device/testing';
import {
  ChipUsbPort,
  createVirtualChip,
  romBootloader,
  UsbControl,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { runByShim, WatchedPort } from './dfu-download.ts';

export interface DownloadCost {
  readonly transfers: number;
  /** Flash and announced polls, of each operation the longer, in ms. */
  readonly waitMs: number;
}

async function countOn(
  id: string,
  address: number,
  image: Uint8Array,
  download: (port: WatchedPort) => Promise<void>,
): Promise<DownloadCost> {
  const chip: VirtualChip = createVirtualChip({ chip: id, seed: 'download', executors: [romBootloader()] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const connector = new ChipUsbPort(chip);
  const port = new WatchedPort(chip, connector);
  try {
    await download(port);
    if (!Buffer.from(chip.judge.flash(address, image.length)).equals(image))
      throw new Error('the chip holds other bytes');
    return { transfers: port.transfers, waitMs: port.waits.totalMs };
  } finally {
    connector.close();
  }
}

/** Needs dfu-util and gcc. */
export const countDfuDownload = (id: string, address: number, image: Bytes): Promise<DownloadCost> =>
  countOn(id, address, image, (port) =>
    runByShim(port, `0x${address.toString(16).padStart(8, '0')}`, image, false),
  );

/** Erase where needed, write, read back: what `firmseal flash write` does. */
export const countOwnDownload = (id: string, address: number, image: Bytes): Promise<DownloadCost> =>
  countOn(id, address, image, async (port) => {
    const openDevice = async () => {
      const { device } = port;
      if (device === undefined) throw new Error('no device is plugged in');
      const control = new UsbControl(device);
      return enumerate({
        control: (setup, data) => control.handle(setup, data),
        ...(device.detached === undefined ? {} : { detached: device.detached }),
      });
    };
    const programmer = await openDfuseProgrammer({ chip: findChip(id), clock: systemClock, openDevice });
    try {
      await runPlan(programmer, await planFlash(programmer, { segments: [{ address, bytes: image }] }));
    } finally {
      await programmer.close();
    }
  });
