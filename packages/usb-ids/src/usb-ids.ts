// Which USB device is what, by the ids of vendor and product: data/usb-ids.json, each line with its source.
// Ids tell the kind of a device, never which one it is, and a device can lie about them.

import table from '../data/usb-ids.json' with { type: 'json' };

export type UsbKind = 'rom-bootloader' | 'agent' | 'st-link' | 'j-link' | 'cmsis-dap' | 'ftdi' | 'serial';

export interface UsbSource {
  readonly document: string;
  readonly section: string;
  readonly unverified?: boolean;
  readonly reason?: string;
}

export interface KnownUsb {
  /** `0483:df11`, lower case. */
  readonly id: string;
  readonly name: string;
  readonly kind: UsbKind;
  /** The product's name must have this text: the ids are shared by devices of other kinds. */
  readonly product?: string;
  /** A probe that OpenOCD cannot use for SWD as it is. */
  readonly tooOld?: boolean;
  /** FTDI chips are wired in many ways: OpenOCD's files for the wiring that these ids are known for. */
  readonly scripts?: readonly string[];
  readonly source: string;
}

export const knownUsbDevices = table.devices as readonly KnownUsb[];
export const usbSources: Readonly<Record<string, UsbSource>> = table.sources;

export interface UsbIds {
  readonly vendorId: number;
  readonly productId: number;
  readonly productName?: string | null;
}

/** `0483:df11`. */
export function usbIdText({ vendorId, productId }: UsbIds): string {
  const hex = (value: number): string => value.toString(16).padStart(4, '0');
  return `${hex(vendorId)}:${hex(productId)}`;
}

/**
 * What a device with these ids is; undefined for one that firmseal has no use for. A probe that
 * speaks CMSIS-DAP is known by that word in its product's name (CMSIS-DAP documentation, "USB
 * Device Interface"), whatever its ids.
 */
export function knownUsb(ids: UsbIds): KnownUsb | undefined {
  const id = usbIdText(ids);
  const product = ids.productName ?? '';
  const found = knownUsbDevices.find((one) => one.id === id && product.includes(one.product ?? ''));
  if (found !== undefined) return found;
  if (!product.includes('CMSIS-DAP')) return undefined;
  return { id, name: product, kind: 'cmsis-dap', source: 'name' };
}

const probes: readonly UsbKind[] = ['st-link', 'j-link', 'cmsis-dap', 'ftdi'];

/** Whether OpenOCD can use such a device as a debug probe. */
export const isProbe = ({ kind }: KnownUsb): boolean => probes.includes(kind);
