// The stand-in of tests passes the suite of the seam.

import { UsbControl } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { createSuiteDevice, enumerate, type UsbSuiteBench, usbDeviceCases } from '../test/index.ts';

function bench(): UsbSuiteBench {
  let device = createSuiteDevice();
  return {
    async plug() {
      device = createSuiteDevice();
      const control = new UsbControl(device);
      const never = new AbortController().signal;
      return enumerate({
        control: (setup, data) => control.handle(setup, data),
        read: (endpoint, lengthBytes) => device.read(endpoint, lengthBytes, never),
        write: (endpoint, data) => device.write(endpoint, data),
        detached: device.detached,
      });
    },
    unplug: async () => device.unplug(),
  };
}

test.each(usbDeviceCases)('$name', async ({ run }) => {
  await expect(run(bench())).resolves.toBeUndefined();
});
