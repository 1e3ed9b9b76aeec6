// The USB connector of a virtual chip as a place where a device can be opened: again after each reset, as
// another device.

import { enumerate, type UsbStandIn } from '@firmseal/usb-device/testing';
import { ChipUsbPort, UsbControl, type VirtualChip } from '@firmseal/virtual-stm32';

export interface UsbPlace {
  /** The device that is on the bus now. Rejects when the bus has no device. */
  open(): Promise<UsbStandIn>;
  close(): void;
}

export function chipUsbPlace(chip: VirtualChip): UsbPlace {
  const port = new ChipUsbPort(chip);
  return {
    async open() {
      const { device } = port;
      if (device === undefined) throw new Error('no device is plugged in');
      const control = new UsbControl(device);
      return enumerate({
        control: (setup, data) => control.handle(setup, data),
        ...(device.detached === undefined ? {} : { detached: device.detached }),
      });
    },
    close: () => port.close(),
  };
}
