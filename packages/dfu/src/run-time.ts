// A running application that can be asked to go: the run-time interface of DFU 1.1, section 4.1. Whether the
// agent starts then is up to the application.

import type { Clock } from '@firmseal/link';
import type { UsbDevice } from '@firmseal/usb-device';
import { DfuControl, leftTheBus } from './control.ts';
import { openDevice } from './dfu-interface.ts';
import { askFunctionalDescriptor } from './functional-descriptor.ts';
import { detach } from './requests/detach.ts';

/** Longer than any host takes to reset the bus. */
const waitMs = 1000;

/** Number of the interface, class 0xFE, subclass 1, protocol 1; undefined on a device without. */
export function findRunTimeInterface(device: Pick<UsbDevice, 'configurations'>): number | undefined {
  return device.configurations
    .flatMap(({ interfaces }) => interfaces)
    .find(({ alternates }) =>
      alternates.some(
        ({ interfaceClass, interfaceSubclass, interfaceProtocol }) =>
          interfaceClass === 0xfe && interfaceSubclass === 1 && interfaceProtocol === 1,
      ),
    )?.interfaceNumber;
}

async function leave(control: DfuControl, willDetach: boolean): Promise<boolean> {
  try {
    const agreed = await detach(control, waitMs);
    if (agreed && !willDetach) await control.within(waitMs, () => control.device.reset());
    return agreed;
  } catch (error) {
    // It went before it answered.
    if (leftTheBus(error)) return true;
    throw error;
  }
}

/**
 * Asks, and resets the bus where the application does not leave it by itself. False when it has no run-time
 * interface or refuses. Throws `usb-device-busy`, `usb-device-lost`, `usb-transfer-timeout`,
 * `dfu-descriptor-missing`.
 */
export async function askToDetach(device: UsbDevice, clock: Clock): Promise<boolean> {
  await openDevice(device, clock);
  try {
    const interfaceNumber = findRunTimeInterface(device);
    if (interfaceNumber === undefined) return false;
    const control = new DfuControl(device, { clock, interfaceNumber });
    await control.within(waitMs, () => device.claimInterface(interfaceNumber));
    const { willDetach } = await askFunctionalDescriptor(control, 0);
    return await leave(control, willDetach);
  } finally {
    await device.close().catch(() => undefined);
  }
}
