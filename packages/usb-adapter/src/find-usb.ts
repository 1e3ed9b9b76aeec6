// Finds USB devices of this machine by the socket that they are plugged into. Nothing is opened by looking.

import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import { socketText, type UsbSocket } from '@firmseal/places';
import type { UsbDevice } from '@firmseal/usb-device';
import { namesOf, SocketDevice } from './socket-device.ts';
import { type LibraryDevice, type LoadUsbLibrary, libraryDevices } from './usb-library.ts';

export interface ListedUsbDevice {
  readonly socket: UsbSocket;
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceClass: number;
  /**
   * What the system knows of its strings; null where the device would have to be
   * opened for them and cannot be.
   */
  readonly productName: string | null;
  readonly manufacturerName: string | null;
  readonly serialNumber: string | null;
}

export interface UsbAdapterOptions {
  /** How the library is found; the npm package usb by default. */
  readonly load?: LoadUsbLibrary;
}

/**
 * The number of a bus (spec/places.md section 2): the kernel's of Linux (`001`), the location byte of macOS
 * (`14`), the position among the names of Windows.
 */
function busNumber(bus: string, all: readonly string[]): number {
  if (/^\d{3,}$/.test(bus)) return Number.parseInt(bus, 10);
  if (/^[0-9a-f]{2}$/i.test(bus)) return Number.parseInt(bus, 16);
  return all.indexOf(bus) + 1;
}

/** A string of the device; null where it has none, or where asking for it fails. */
function read(ask: () => string | null | undefined): string | null {
  try {
    return ask() ?? null;
  } catch {
    return null;
  }
}

interface Plugged extends ListedUsbDevice {
  readonly library: LibraryDevice;
}

async function plugged(load?: LoadUsbLibrary): Promise<Plugged[]> {
  const devices = await libraryDevices(load);
  const buses = [...new Set(devices.map(({ bus }) => bus))].sort();
  return devices.flatMap((library) => {
    const bus = busNumber(library.bus, buses);
    // Root hubs have no port; port 0 is what some systems give to devices that are built in.
    if (bus > 255 || library.ports.length === 0 || library.ports.includes(0)) return [];
    const { vendorId, productId, deviceClass } = library;
    return {
      ...{ library, socket: { bus, ports: [...library.ports] }, vendorId, productId, deviceClass },
      productName: read(() => library.productName),
      manufacturerName: read(() => library.manufacturerName),
      serialNumber: read(() => library.serialNumber),
    };
  });
}

/** What is plugged in, in the order of sockets. Throws `usb-library-missing`, `usb-unavailable`. */
export async function listUsb({ load }: UsbAdapterOptions = {}): Promise<readonly ListedUsbDevice[]> {
  const key = ({ socket: { bus, ports } }: ListedUsbDevice): string =>
    [bus, ...ports].map((number) => String(number).padStart(3, '0')).join('.');
  return (await plugged(load))
    .map(({ library: _, ...listed }) => listed)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * The device in the socket, not opened yet. After it left the bus it is found again by another call. Throws
 * `usb-library-missing`, `usb-unavailable`, `usb-not-found`.
 */
export async function findUsb(
  socket: UsbSocket,
  clock: Clock,
  { load }: UsbAdapterOptions = {},
): Promise<UsbDevice> {
  const text = socketText(socket);
  const found = (await plugged(load)).find((one) => socketText(one.socket) === text);
  if (found === undefined) throw new Fault('usb-not-found', { socket: text });
  const names = namesOf(socket, found.library, found.productName);
  return new SocketDevice({ ...found, names }, clock);
}
