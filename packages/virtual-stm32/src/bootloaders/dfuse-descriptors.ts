// Descriptors of the DfuSe bootloader: one interface whose alternate settings are memories. AN3156 section 2,
// DFU 1.1 section 4.1.3, USB 2.0 section 9.6; layout strings after UM0424.

import type { Chip, DfuBootloader } from '@firmseal/chips';
import { configurationDescriptor, deviceDescriptor } from '../doors/usb-descriptors.ts';
import type { UsbDescriptors } from '../doors/usb-function.ts';
import type { DfuseQuirk } from './dfuse-quirks.ts';
import type { RomFacts } from './rom-facts.ts';

const vendorSt = 0x0483;
const productDfu = 0xdf11;
/** Strings 1 to 3: manufacturer, product, serial number. */
const firstLayoutString = 4;
const dfuFace = { class: 0xfe, subclass: 1, protocol: 2 } as const;

/** 9 bytes: downloads, uploads, will detach, not manifestation tolerant; bcdDFU 0x011A (AN3156 section 2). */
function functionalDescriptor(transferSizeBytes: number): Uint8Array {
  const [low, high] = [transferSizeBytes & 0xff, transferSizeBytes >>> 8];
  return Uint8Array.of(9, 0x21, 0x0b, 0xff, 0x00, low, high, 0x1a, 0x01);
}

const digits = (value: number, count: number) =>
  value.toString(16).toUpperCase().padStart(8, '0').slice(0, count);

/** First address of a layout string, `@name/0x08000000/...`. */
export function layoutStart(layout: string): number {
  return Number(layout.split('/')[1]);
}

/**
 * 12 hexadecimal digits: the sum of the first and last word of the unique id, and the upper half of the
 * middle word. Bits are lost: it is not unique.
 */
function serialFromUniqueId(uid: Uint8Array): string {
  const view = new DataView(uid.buffer, uid.byteOffset);
  const sum = (view.getUint32(0, true) + view.getUint32(8, true)) >>> 0;
  return digits(sum, 8) + digits(view.getUint32(4, true), 4);
}

export interface DescriptorOptions {
  readonly chip: Chip;
  readonly dfu: DfuBootloader;
  readonly facts: RomFacts;
  readonly uid: Uint8Array;
  readonly quirks: ReadonlySet<DfuseQuirk>;
}

export function dfuseDescriptors({ chip, dfu, facts, uid, quirks }: DescriptorOptions): UsbDescriptors {
  const functional = functionalDescriptor(dfu.transferSizeBytes);
  const interfaces = dfu.alternates.map((_, alternate) =>
    Uint8Array.of(
      9,
      4,
      0,
      alternate,
      0,
      dfuFace.class,
      dfuFace.subclass,
      dfuFace.protocol,
      firstLayoutString + alternate,
    ),
  );
  const flashLayout = dfu.alternates[0]! + (quirks.has('layout-has-garbage-suffix') ? '\u0001\u00fe' : '');
  const layouts = dfu.alternates.map((layout, alternate) =>
    alternate === 0 || quirks.has('alternates-all-show-flash') ? flashLayout : layout,
  );
  const serial =
    facts.usbSerial === 'unique-id' ? serialFromUniqueId(uid) : `${digits(chip.debug.idCode, 8)}0000`;
  return {
    speed: 'full',
    deviceDescriptor: deviceDescriptor({ vendor: vendorSt, product: productDfu, release: dfu.bcdDevice }),
    configurationDescriptor: configurationDescriptor([...interfaces, functional]),
    strings: ['', 'STMicroelectronics', facts.usbProduct, serial, ...layouts],
    interfaces: [dfuFace],
    interfaceDescriptor: (type) =>
      type === 0x21 && !quirks.has('no-functional-descriptor-request') ? functional : undefined,
  };
}
