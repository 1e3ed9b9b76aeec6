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
 * All settings of the first interface that is in DFU mode; undefined on a device without. The device need
 * not be open.
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
  const found = findDfuInterface(device);
  if (found === undefined) throw new Fault('dfu-interface-missing');
  const { configurationValue, interfaceNumber, alternates } = found;
  const control = new DfuControl(device, { clock, interfaceNumber });
  const claim = async () => {
    if (!device.opened) await device.open();
    if (device.configuration?.configurationValue !== configurationValue)
      await device.selectConfiguration(configurationValue);
    await device.claimInterface(interfaceNumber);
  };
  await control.within(openTimeoutMs, () =>
    claim().catch((cause: unknown) => {
      // An adapter says more exactly what is in the way.
      throw cause instanceof Fault ? cause : new Fault('usb-device-busy', {}, { cause });
    }),
  );
  await selectAlternate(control, alternateSetting);
  const functional = await askFunctionalDescriptor(control, alternateSetting);
  return { control, alternates, functional };
}

const openTimeoutMs = 5000;

/** Throws `usb-device-lost`. */
export async function selectAlternate(control: DfuControl, alternateSetting: number): Promise<void> {
  await control.within(openTimeoutMs, () =>
    control.device.selectAlternateInterface(control.interfaceNumber, alternateSetting),
  );
}
