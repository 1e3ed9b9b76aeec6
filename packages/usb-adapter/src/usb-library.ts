// The npm package usb (3.x, nusb), as this adapter uses it. It brings native code, so it is an optional
// dependency: loaded when the first device is looked for, and missed with a fault that names what to install.
// What it does otherwise than WebUSB, and this adapter makes good:
// - a stall throws; a transfer is cancelled after 1,000 ms unless a time-out is given;
// - `configuration` reads every string of the device again, and holds up the whole
//   program until each was read;
// - a control transfer needs a claimed interface; `close` releases none, and so leaves the device open.

import { Fault } from '@firmseal/fault';
import type { UsbControlTransferParameters, UsbDirection } from '@firmseal/usb-device';

/** The version that this adapter was tried with; what the remedy tells people to install. */
const usbVersion = '3.1.0';

interface LibraryResult {
  readonly data?: DataView | undefined;
  readonly bytesWritten?: number;
}

export interface LibraryDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceClass: number;
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  /** Linux `001`, macOS `14` (hexadecimal), Windows the name of a controller. */
  readonly bus: string;
  readonly ports: readonly number[];
  /** These three may open the device and may throw. */
  readonly manufacturerName: string | null;
  readonly productName: string | null;
  readonly serialNumber: string | null;
  open(): Promise<void>;
  close(): Promise<void>;
  reset(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  selectAlternateInterface(interfaceNumber: number, alternate: number): Promise<void>;
  controlTransferIn(
    setup: UsbControlTransferParameters,
    length: number,
    timeoutMs: number,
  ): Promise<LibraryResult>;
  controlTransferOut(
    setup: UsbControlTransferParameters,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<LibraryResult>;
  transferIn(endpointNumber: number, length: number, timeoutMs: number): Promise<LibraryResult>;
  transferOut(endpointNumber: number, data: Uint8Array, timeoutMs: number): Promise<LibraryResult>;
  clearHalt(direction: UsbDirection, endpointNumber: number): Promise<void>;
}

export interface UsbLibrary {
  readonly usb: { getDevices(): Promise<readonly LibraryDevice[]> };
}

export type LoadUsbLibrary = () => Promise<UsbLibrary>;

const importLibrary: LoadUsbLibrary = async () => (await import('usb')) as unknown as UsbLibrary;

/** All devices of this machine. Throws `usb-library-missing`, `usb-unavailable`. */
export async function libraryDevices(
  load: LoadUsbLibrary = importLibrary,
): Promise<readonly LibraryDevice[]> {
  let library: UsbLibrary;
  try {
    library = await load();
  } catch (cause) {
    throw new Fault('usb-library-missing', { version: usbVersion }, { cause });
  }
  try {
    return await library.usb.getDevices();
  } catch (cause) {
    throw new Fault(
      'usb-unavailable',
      { reason: (cause as Error).message.replace(/^getDevices error: /, '') },
      { cause },
    );
  }
}
