// Finding and opening the DFU interface of a USB device. DFU 1.1 section 4.2: class 0xFE, subclass 1;
// protocol 2 is a device in DFU mode, which is all that firmseal speaks to.

import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import type { UsbAlternateInterface, UsbDevice } from '@firmseal/usb-device';
import { DfuControl } from './control.ts';
import { askFunctionalDescriptor, type FunctionalDescriptor } from './functional-descriptor.ts';

const isDfuMode = ({ interfaceClass, interfaceSubclass, interfaceProtocol }: UsbAlternateInterface) =>
  interfaceClass === 0xfe && interfaceSubclass === 1 && interfaceProtocol === 2;

/**
 * All settings of the first interface that is in DFU mode; undefined on a device without. The device is open,
 * or was.
 */
export function findDfuInterface(device: UsbDevice):
  | {
      readonly configurationValue: number;
      readonly interfaceNumber: number;
      readonly alternates: readonly UsbAlternateInterface[];
    }
  | undefined {
  for (const { configurationValue, interfaces } of device.configurations)
    for (const { interfaceNumber, alternates } of interfaces)
      if (alternates.some(isDfuMode)) return { configurationValue, interfaceNumber, alternates };
  return undefined;
}

export interface OpenDfu {
  readonly control: DfuControl;
  readonly alternates: readonly UsbAlternateInterface[];
  readonly functional: FunctionalDescriptor;
}

/**
 * Opens the device, claims the interface, selects the setting. Throws `dfu-interface-missing`,
 * `dfu-descriptor-missing`, `usb-device-busy` when another program or driver holds it, `usb-device-lost`.
 */
export async function openDfu(
  device: UsbDevice,
  { clock, alternateSetting = 0 }: { clock: Clock; alternateSetting?: number },
): Promise<OpenDfu> {
  await openDevice(device, clock);
  const found = findDfuInterface(device);
  if (found === undefined) {
    await device.close();
    throw new Fault('dfu-interface-missing');
  }
  const { configurationValue, interfaceNumber, alternates } = found;
  const control = new DfuControl(device, { clock, interfaceNumber });
  const claim = async () => {
    if (device.configuration?.configurationValue !== configurationValue)
      await device.selectConfiguration(configurationValue);
    await device.claimInterface(interfaceNumber);
  };
  await control.within(openTimeoutMs, () => claim().catch(busy));
  await selectAlternate(control, alternateSetting);
  const functional = await askFunctionalDescriptor(control, alternateSetting);
  return { control, alternates, functional };
}

const openTimeoutMs = 5000;

/** An adapter says more exactly what is in the way. */
const busy = (cause: unknown): never => {
  throw cause instanceof Fault ? cause : new Fault('usb-device-busy', {}, { cause });
};

/**
 * Opens the device where it is not open: only then does it have to say what it consists of. Throws
 * `usb-device-busy`, `usb-device-lost`.
 */
export async function openDevice(device: UsbDevice, clock: Clock): Promise<void> {
  if (device.opened) return;
  const control = new DfuControl(device, { clock, interfaceNumber: 0 });
  await control.within(openTimeoutMs, () => device.open().catch(busy));
}

/** Throws `usb-device-lost`. */
export async function selectAlternate(control: DfuControl, alternateSetting: number): Promise<void> {
  await control.within(openTimeoutMs, () =>
    control.device.selectAlternateInterface(control.interfaceNumber, alternateSetting),
  );
}
