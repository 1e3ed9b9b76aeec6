// What OpenOCD is told of the probe in a USB socket. ST-LINK, J-Link and FTDI probes are picked by the socket
// itself; OpenOCD 0.12 knows CMSIS-DAP probes by serial number only, which must then be one probe's alone.

import { Fault } from '@firmseal/fault';
import { socketText, type UsbSocket } from '@firmseal/places';
import { isProbe, type KnownUsb, knownUsb, usbIdText } from '@firmseal/usb-ids';

/** The device in a socket, as the list of USB devices says. */
export interface SocketDevice {
  readonly socket: UsbSocket;
  readonly vendorId: number;
  readonly productId: number;
  readonly productName: string | null;
  readonly serialNumber: string | null;
}

/** For texts: `ST-LINK/V2-1` in `1-4.2`. */
export interface ProbeNames {
  readonly probe: string;
  readonly socket: string;
}

export interface ProbeCommands {
  readonly names: ProbeNames;
  /** Tcl commands of OpenOCD, up to the choice of the transport. */
  readonly commands: readonly string[];
}

const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

/** A serial number is the device's word and becomes part of a Tcl command: only what means nothing in Tcl. */
const harmless = /^[A-Za-z0-9._:-]{1,64}$/;

function serialOf(device: SocketDevice, all: readonly SocketDevice[]): string {
  const socket = socketText(device.socket);
  const { serialNumber } = device;
  const sameIds = all.filter((one) => usbIdText(one) === usbIdText(device));
  const refuse = (reason: string): never => {
    throw new Fault('probe-ambiguous', { socket, reason });
  };
  if (serialNumber === null || serialNumber === '') return refuse('it has no serial number');
  if (!harmless.test(serialNumber))
    return refuse('its serial number has characters that OpenOCD cannot be given');
  if (sameIds.filter((one) => one.serialNumber === serialNumber).length > 1)
    return refuse('another one has the same serial number');
  return serialNumber;
}

function driverOf(
  known: Pick<KnownUsb, 'kind' | 'scripts'>,
  device: SocketDevice,
  all: readonly SocketDevice[],
): string[] {
  const { vendorId, productId } = device;
  const ids = `${hex(vendorId)} ${hex(productId)}`;
  const location = `adapter usb location ${socketText(device.socket)}`;
  switch (known.kind) {
    case 'st-link':
      return ['adapter driver st-link', `st-link vid_pid ${ids}`, location, 'transport select dapdirect_swd'];
    case 'j-link':
      return ['adapter driver jlink', location, 'transport select swd'];
    case 'ftdi':
      return [...(known.scripts ?? []).map((script) => `source [find ${script}]`), location];
    default: {
      const one = `adapter serial ${serialOf(device, all)}`;
      return ['adapter driver cmsis-dap', `cmsis_dap_vid_pid ${ids}`, one, 'transport select swd'];
    }
  }
}

/**
 * Commands for the probe; `all` is every USB device of this machine. A device that no table knows is taken
 * for CMSIS-DAP: some probes say so in the name of an interface only, which OpenOCD looks at. Throws
 * `probe-kind-unknown`, `openocd-probe-too-old`, `probe-ambiguous`.
 */
export function probeCommands(device: SocketDevice, all: readonly SocketDevice[]): ProbeCommands {
  const socket = socketText(device.socket);
  const known = knownUsb(device);
  const named =
    device.productName === null ? usbIdText(device) : `${usbIdText(device)} ${device.productName}`;
  if (known !== undefined && !isProbe(known))
    throw new Fault('probe-kind-unknown', { socket, device: named });
  const names = { probe: known?.name ?? named, socket };
  if (known?.tooOld)
    throw new Fault('openocd-probe-too-old', { ...names, said: 'it cannot do SWD over USB' });
  return { names, commands: driverOf(known ?? { kind: 'cmsis-dap' }, device, all) };
}

/** An ST-LINK that ST's stlink-server shares on a TCP port of this machine. */
export function stlinkServerCommands(port: number): ProbeCommands {
  return {
    names: { probe: 'ST-LINK', socket: `of the stlink-server at port ${port}` },
    commands: [
      ...['adapter driver st-link', `st-link backend tcp ${port}`, 'st-link vid_pid 0x0483 0x3748'],
      'transport select dapdirect_swd',
    ],
  };
}
