// The USB device in a socket, which is away for a moment after each reset of its chip.

import { Fault } from '@firmseal/fault';
import { type Clock, sleep } from '@firmseal/link';
import type { UsbSocket } from '@firmseal/places';
import { findUsb } from '@firmseal/usb-adapter';
import type { UsbDevice } from '@firmseal/usb-device';

/** A chip is back on the bus this long after a reset, at the latest. */
const returnMs = 10_000;
const lookMs = 250;

/** Finds the device and opens it: what it is made of is known only then. Throws the faults of the adapter. */
export async function openUsbDevice(socket: UsbSocket, clock: Clock): Promise<UsbDevice> {
  const endMs = clock.nowMs() + returnMs;
  for (;;) {
    try {
      const device = await findUsb(socket, clock);
      await device.open();
      return device;
    } catch (error) {
      // Between two looks it can leave, too.
      const isAway = error instanceof Fault && ['usb-not-found', 'usb-unplugged'].includes(error.code);
      if (!isAway || clock.nowMs() >= endMs) throw error;
    }
    await sleep(clock, lookMs);
  }
}
