// The one device that an update can mean: the only agent on USB, else the only serial port where an agent
// answers.

import { Fault } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import { listSerial } from '@firmseal/serial-adapter';
import { findAgent } from '@firmseal/updater';
import { listUsb } from '@firmseal/usb-adapter';
import { type DeviceLists, listDevices } from '../devices/list-devices.ts';
import { openSocket } from '../sockets.ts';

/** Throws `update-device-missing`, `update-device-several`, `update-boot-rom`. */
export async function findOneDevice(
  lists: DeviceLists = { usb: listUsb, serial: listSerial },
  answering = (places: readonly string[]) => findAgent({ open: openSocket }, places, systemClock),
): Promise<string> {
  const { devices } = await listDevices(lists);
  const placesOf = (kind: string) => devices.filter((one) => one.kind === kind).map(({ place }) => place);
  const agents = placesOf('agent');
  const found = agents.length > 0 ? agents : await answering(placesOf('serial'));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    throw new Fault('update-device-several', { count: found.length, places: found.join(', ') });
  if (placesOf('rom-bootloader').length > 0) throw new Fault('update-boot-rom');
  throw new Fault('update-device-missing');
}
