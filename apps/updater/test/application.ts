// An application of a device, as its USB shows it: a DFU run-time interface, and DFU_DETACH,
// which asks for the agent and resets.

import { enumerate, type UsbStandIn } from '@firmseal/usb-device/testing';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const descriptors: Readonly<Record<number, Uint8Array>> = {
  1: bytes('12 01 0002 00 00 00 40 0912 0200 0001 00 00 00 01'),
  // Download, will detach; 255 ms; 1024 bytes; DFU 1.1.
  2: bytes('09 02 1b00 01 01 00 80 32  09 04 00 00 00 fe 01 01 00  09 21 09 ff00 0004 1001'),
  33: bytes('09 21 09 ff00 0004 1001'),
};

/** `detached`: what the application does at DFU_DETACH. */
export function openApplication(detached: () => void): Promise<UsbStandIn> {
  return enumerate({
    async control({ requestType, request, value }) {
      if (requestType === 0x21 && request === 0) detached();
      if ((requestType & 0x80) === 0) return new Uint8Array(0);
      return request === 6 ? descriptors[value >>> 8] : undefined;
    },
  });
}
