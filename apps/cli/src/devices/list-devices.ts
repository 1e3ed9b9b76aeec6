// What is plugged into this machine and of use to firmseal, each with the place that commands take. Nothing is opened: the names
// come from the system's lists and from the table of USB ids.

import { Fault } from '@firmseal/fault';
import { placeText, socketText, type UsbSocket } from '@firmseal/places';
import type { ListedSerialPort } from '@firmseal/serial-adapter';
import type { ListedUsbDevice } from '@firmseal/usb-adapter';
import { isProbe, type KnownUsb, knownUsb, type UsbKind, usbIdText } from '@firmseal/usb-ids';

export interface ConnectedDevice {
  /** What `--via` and `--socket` take. */
  readonly place: string;
  readonly kind: UsbKind | 'serial';
  readonly name: string;
  /** `0483:374b`; absent for a port without USB. */
  readonly usbId?: string;
  /** The place of the probe that this serial port is part of: the COM port of a board with an ST-LINK. */
  readonly partOf?: string;
}

export interface DeviceLists {
  readonly usb: () => Promise<readonly ListedUsbDevice[]>;
  readonly serial: () => Promise<readonly ListedSerialPort[]>;
}

export interface Connected {
  readonly devices: readonly ConnectedDevice[];
  /** Why a list is missing: a library that is not installed, a machine without USB. */
  readonly gaps: readonly Fault[];
}

const placeOf = (known: KnownUsb, socket: UsbSocket): string =>
  placeText({ kind: isProbe(known) ? 'probe' : 'usb', ...socket });

function usbRow(device: ListedUsbDevice): ConnectedDevice[] {
  const known = knownUsb(device);
  // A serial adapter is reached by its port, which the other list has.
  if (known === undefined || known.kind === 'serial') return [];
  return [
    { place: placeOf(known, device.socket), kind: known.kind, name: known.name, usbId: usbIdText(device) },
  ];
}

function serialRow({ path, usb }: ListedSerialPort, probes: ReadonlyMap<string, string>): ConnectedDevice {
  const place = placeText({ kind: 'serial', path });
  if (usb === undefined) return { place, kind: 'serial', name: 'serial port' };
  const known = knownUsb(usb);
  const partOf = usb.socket === undefined ? undefined : probes.get(socketText(usb.socket));
  const own = known?.kind === 'serial' ? known.name : (usb.productName ?? 'serial port');
  const name = known !== undefined && isProbe(known) ? `COM port of ${known.name}` : own;
  return { place, kind: 'serial', name, usbId: usbIdText(usb), ...(partOf === undefined ? {} : { partOf }) };
}

async function or<T>(list: () => Promise<readonly T[]>, gaps: Fault[]): Promise<readonly T[]> {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    gaps.push(error);
    return [];
  }
}

/** USB devices in the order of their sockets, then serial ports. A list that cannot be had is a gap, and no failure. */
export async function listDevices({ usb, serial }: DeviceLists): Promise<Connected> {
  const gaps: Fault[] = [];
  const plugged = await or(usb, gaps);
  const ports = await or(serial, gaps);
  const rows = plugged.flatMap(usbRow);
  const probes = new Map(
    plugged.flatMap(({ socket, ...ids }) => {
      const known = knownUsb(ids);
      return known !== undefined && isProbe(known) ? [[socketText(socket), placeOf(known, socket)]] : [];
    }),
  );
  return { devices: [...rows, ...ports.map((port) => serialRow(port, probes))], gaps };
}
