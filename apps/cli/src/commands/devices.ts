// `firmseal devices`: what is plugged in, each with the place that other commands take, and which chip is behind it when that is
// asked for.

import { Command } from '@commander-js/extra-typings';
import { Fault, faultLabel } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import { parsePlace, placeText } from '@firmseal/places';
import { listSerial } from '@firmseal/serial-adapter';
import { listUsb } from '@firmseal/usb-adapter';
import { identifyDevice } from '../devices/identify.ts';
import { type ConnectedDevice, listDevices } from '../devices/list-devices.ts';
import type { Face } from '../face.ts';
import { collect, examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

function deviceLine({ place, name, usbId = '', partOf }: ConnectedDevice, width: number): string {
  const part = partOf === undefined ? '' : `  (part of ${partOf})`;
  return `${place.padEnd(width)}  ${usbId.padEnd(9)}  ${name}${part}`;
}

async function tellChip(face: Face, device: ConnectedDevice): Promise<void> {
  const { place } = device;
  try {
    const openocd = face.shell.environment['FIRMSEAL_OPENOCD'];
    const found = await identifyDevice(device, { clock: systemClock, openocd });
    const chips = found.chips.length === 0 ? 'no chip of the catalogue' : found.chips.join(' or ');
    face.tell({ event: 'chip', place, ...found }, `  ${chips} (${found.says})`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message: text } = error;
    face.tell(
      { event: 'no-chip', place, error: faultLabel(code), text },
      `  no chip was identified: ${text}`,
    );
  }
}

export const command = (shell: Shell) =>
  new Command()
    .option('--identify', 'open each device and ask which chip is behind it; a serial port is written to')
    .option('--place <place>', 'only this place (repeat)', collect)
    .addHelpText('after', examples('devices', 'devices --identify --place probe:1-4.2'))
    .action(
      runs(shell, async (face, options) => {
        const wanted = options.place?.map((text) => placeText(parsePlace(text)));
        const { devices, gaps } = await listDevices({ usb: listUsb, serial: listSerial });
        const shown = devices.filter(({ place }) => wanted === undefined || wanted.includes(place));
        const width = Math.max(...shown.map(({ place }) => place.length));
        for (const device of shown) {
          face.tell({ event: 'device', ...device }, deviceLine(device, width));
          if (options.identify) await tellChip(face, device);
        }
        if (shown.length === 0) face.lines('Nothing is connected that firmseal can use.');
        for (const { code, message, remedy } of gaps)
          face.tell({ event: 'gap', error: faultLabel(code), text: message, remedy }, `${message} ${remedy}`);
        return undefined;
      }),
    );
