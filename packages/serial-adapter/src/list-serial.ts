// The serial ports of this machine, each with the USB socket that its adapter is plugged into, where
// that is known. Nothing is opened by looking. Linux is read from sysfs: the library's own list
// needs udev and shows no sockets.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type ListedPort, type LoadLibrary, loadLibrary } from './serial-library.ts';

export interface ListedSerialPort {
  /** `/dev/ttyACM0`, `COM7`. */
  readonly path: string;
  readonly usb?: {
    /** Bus and ports, as places name them; absent where the system does not tell. */
    readonly socket?: { readonly bus: number; readonly ports: readonly number[] };
    readonly vendorId: number;
    readonly productId: number;
    readonly productName: string | null;
  };
}

export interface ListSerialOptions {
  readonly load?: LoadLibrary;
  /** Default: that of this machine. */
  readonly platform?: NodeJS.Platform;
  /** Where Linux shows its devices; default `/sys`. */
  readonly sysfs?: string;
}

/** The first line of a small file; undefined when the file cannot be read. */
function line(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').slice(0, 256).split('\n')[0]!.trim();
  } catch {
    return undefined;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * The folder of the USB device that the path leads through:
 * `.../1-4.2/1-4.2:1.0/tty/ttyACM0` gives `.../1-4.2`.
 */
function usbFolder(path: string): { folder: string; name: string } | undefined {
  const parts = path.split('/');
  const at = parts.findLastIndex((part) => /^\d+-\d+(?:\.\d+)*$/.test(part));
  return at < 0 ? undefined : { folder: parts.slice(0, at + 1).join('/'), name: parts[at]! };
}

function usbOf(path: string): ListedSerialPort['usb'] {
  const found = usbFolder(path);
  if (found === undefined) return undefined;
  const [bus, ports] = found.name.split('-');
  const hex = (name: string): number => Number.parseInt(line(join(found.folder, name)) ?? '', 16);
  const [vendorId, productId] = [hex('idVendor'), hex('idProduct')];
  if (Number.isNaN(vendorId) || Number.isNaN(productId)) return undefined;
  return {
    socket: { bus: Number(bus), ports: ports!.split('.').map(Number) },
    ...{ vendorId, productId, productName: line(join(found.folder, 'product')) ?? null },
  };
}

function onLinux(sysfs: string): ListedSerialPort[] {
  const folder = join(sysfs, 'class/tty');
  return names(folder).flatMap((name) => {
    let device: string;
    try {
      device = realpathSync(join(folder, name, 'device'));
    } catch {
      // Consoles and pseudo-terminals have no device.
      return [];
    }
    // The kernel lists ports of a PC that has none: their type is unknown (serial_core.h, PORT_UNKNOWN).
    if (/^ttyS\d+$/.test(name) && line(join(folder, name, 'type')) === '0') return [];
    const usb = usbOf(device);
    return [{ path: `/dev/${name}`, ...(usb === undefined ? {} : { usb }) }];
  });
}

/** macOS writes where a device is plugged in as 32 bits: the bus, then a port in each four bits. */
function socketOfLocation(location: string | undefined): { bus: number; ports: number[] } | undefined {
  if (location === undefined || !/^[0-9a-f]{8}$/i.test(location)) return undefined;
  const ports = [...location.slice(2).replace(/0+$/, '')].map((digit) => Number.parseInt(digit, 16));
  if (ports.length === 0 || ports.includes(0)) return undefined;
  return { bus: Number.parseInt(location.slice(0, 2), 16), ports };
}

function fromLibrary({ path, vendorId, productId, manufacturer, locationId }: ListedPort): ListedSerialPort {
  // A program that opens tty.* on macOS waits for a carrier; cu.* is the same port without that.
  const own = path.replace(/^\/dev\/tty\./, '/dev/cu.');
  if (vendorId === undefined || productId === undefined) return { path: own };
  const socket = socketOfLocation(locationId);
  const ids = { vendorId: Number.parseInt(vendorId, 16), productId: Number.parseInt(productId, 16) };
  return {
    path: own,
    usb: { ...(socket === undefined ? {} : { socket }), ...ids, productName: manufacturer ?? null },
  };
}

const byNumber = (a: ListedSerialPort, b: ListedSerialPort): number =>
  a.path.localeCompare(b.path, 'en', { numeric: true });

/** In the order of their names. Throws `serial-library-missing` where the system has no list of its own. */
export async function listSerial(options: ListSerialOptions = {}): Promise<readonly ListedSerialPort[]> {
  const { load, platform = process.platform, sysfs = '/sys' } = options;
  if (platform === 'linux') return onLinux(sysfs).sort(byNumber);
  const { SerialPort } = await loadLibrary('all of them', load);
  return (await SerialPort.list()).map(fromLibrary).sort(byNumber);
}
