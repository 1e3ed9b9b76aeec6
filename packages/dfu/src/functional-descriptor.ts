// The functional descriptor of a DFU interface: what it can do and how much it takes in one block. DFU
// 1.1 section 4.1.3. Asked for by itself, else found in the configuration descriptor; some ROMs have one,
// some the other.

import { Fault } from '@firmseal/fault';
import { configurationLengthBytes, readConfigurationDescriptor } from '@firmseal/usb-device';
import type { DfuControl } from './control.ts';

export interface FunctionalDescriptor {
  readonly canDownload: boolean;
  readonly canUpload: boolean;
  /** Whether the device is still there after it took a file. */
  readonly manifestationTolerant: boolean;
  /** Whether it leaves the bus by itself after DFU_DETACH. */
  readonly willDetach: boolean;
  readonly transferSizeBytes: number;
  /** 0x0110 DFU 1.1, 0x011A DfuSe. */
  readonly dfuVersion: number;
}

const functionalType = 0x21;
/**
 * Blocks that firmseal sends at most; a ROM announces 1024 or 2048, a device that announces nothing
 * usable gets 1024.
 */
const mostTransferBytes = 4096;
const usualTransferBytes = 1024;

/**
 * `bLength 0x21 bmAttributes wDetachTimeOut(2) wTransferSize(2) [bcdDFUVersion(2)]`: devices of DFU 1.0
 * lack the last, and a wrong bLength was seen in the field, so what came counts. Undefined when it is not
 * one.
 */
function readFunctionalDescriptor(bytes: Uint8Array): FunctionalDescriptor | undefined {
  if (bytes.length < 7 || bytes[1] !== functionalType) return undefined;
  const attributes = bytes[2]!;
  const announced = bytes[5]! | (bytes[6]! << 8);
  return {
    canDownload: (attributes & 1) !== 0,
    canUpload: (attributes & 2) !== 0,
    manifestationTolerant: (attributes & 4) !== 0,
    willDetach: (attributes & 8) !== 0,
    transferSizeBytes: announced === 0 ? usualTransferBytes : Math.min(announced, mostTransferBytes),
    dfuVersion: bytes.length < 9 ? 0x0100 : bytes[7]! | (bytes[8]! << 8),
  };
}

const getDescriptor = { requestType: 'standard', request: 6 } as const;

/** Of the setting in use, else of any. Throws `dfu-descriptor-missing`, `usb-descriptor-malformed`. */
export async function askFunctionalDescriptor(
  control: DfuControl,
  alternateSetting: number,
): Promise<FunctionalDescriptor> {
  const own = await control.in({ ...getDescriptor, value: functionalType << 8 }, 9);
  const alone = own === undefined ? undefined : readFunctionalDescriptor(own);
  if (alone !== undefined) return alone;
  const wanted = { ...getDescriptor, recipient: 'device', value: 0x0200, index: 0 } as const;
  const head = await control.in(wanted, 9);
  if (head === undefined) throw new Fault('dfu-descriptor-missing');
  const whole = await control.in(wanted, configurationLengthBytes(head));
  if (whole === undefined) throw new Fault('dfu-descriptor-missing');
  const settings = readConfigurationDescriptor(whole).interfaces.filter(
    ({ interfaceNumber }) => interfaceNumber === control.interfaceNumber,
  );
  const inOrder = [...settings.filter((one) => one.alternateSetting === alternateSetting), ...settings];
  for (const { others } of inOrder)
    for (const bytes of others) {
      const found = readFunctionalDescriptor(bytes);
      if (found !== undefined) return found;
    }
  throw new Fault('dfu-descriptor-missing');
}
