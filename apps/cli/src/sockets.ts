// Places of the command line (spec/places.md): `--socket`, how a chip's agent is spoken to. Which adapter
// reaches a place is chosen here and nowhere else. Ways of programming, `--via`: programmer-place.ts.

import { openFrameStream } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import { type ByteStream, systemClock } from '@firmseal/link';
import { type NearPlace, type Place, parsePlace, placeText } from '@firmseal/places';
import { openSerial } from '@firmseal/serial-adapter';
import { connectTcp } from '@firmseal/tcp-adapter';
import { openUsbDevice } from './usb-device-place.ts';

/** The agent's rate without board settings (spec/board.md section 4); it follows a host to the fast one. */
const agentBaud = 115_200;
const linkKinds = 'serial:, usb:, tcp:';

/** Throws `station-not-there` for a place at another station, `place-unfit` for none. */
function near(place: Place, option: string, expected: string): NearPlace {
  if (place.kind === 'station') {
    const inner = placeText(place.place);
    throw new Fault('station-not-there', { place: placeText(place), station: place.station, inner });
  }
  if (place.kind === 'written')
    throw new Fault('place-unfit', { option, place: 'written', reason: 'it is no place', expected });
  return place;
}

/** Two texts of one serial port differ in the rate. */
const portOf = (place: Place): string => (place.kind === 'serial' ? place.path : placeText(place));

/**
 * The next value of `--socket`: its canonical text, behind those before. Throws the faults of the grammar,
 * `place-unfit`, `station-not-there`, `socket-repeated`.
 */
export function collectSockets(text: string, before: readonly string[] = []): string[] {
  const place = near(parsePlace(text), '--socket', linkKinds);
  if (place.kind !== 'serial' && place.kind !== 'usb' && place.kind !== 'tcp') {
    const reason = 'an agent is not spoken to through it';
    throw new Fault('place-unfit', {
      option: '--socket',
      place: placeText(place),
      reason,
      expected: linkKinds,
    });
  }
  const repeated = before.find((one) => portOf(parsePlace(one)) === portOf(place));
  if (repeated !== undefined) throw new Fault('socket-repeated', { socket: repeated });
  return [...before, placeText(place)];
}

/** Opens the agent's link at a place that `collectSockets` took. Throws the faults of its adapter. */
export async function openSocket(socket: string): Promise<ByteStream> {
  const place = parsePlace(socket);
  switch (place.kind) {
    case 'serial': {
      const line = { baud: place.baud ?? agentBaud, parity: 'none' } as const;
      return openSerial({ path: place.path, line, clock: systemClock });
    }
    case 'usb': {
      const device = await openUsbDevice(place, systemClock);
      try {
        return await openFrameStream({ device, clock: systemClock });
      } catch (error) {
        await device.close();
        throw error;
      }
    }
    case 'tcp':
      return connectTcp(place.host, place.port);
    default:
      throw new Fault('internal-error', { detail: `${socket} was taken for a socket` });
  }
}
