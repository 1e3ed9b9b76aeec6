// Places of the command line (spec/places.md): `--socket`, how a chip's agent is spoken to. Which adapter
// reaches a place is chosen here and nowhere else. Ways of programming, `--via`: programmer-place.ts.

import { openFrameStream } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import { type ByteStream, systemClock } from '@firmseal/link';
import { type Place, parsePlace, placeText, type StationPlace } from '@firmseal/places';
import { openSerial } from '@firmseal/serial-adapter';
import { connectTcp } from '@firmseal/tcp-adapter';
import type { Stations } from './remote/stations.ts';
import { openUsbDevice } from './usb-device-place.ts';

/** The agent's rate without board settings (spec/board.md section 4); it follows a host to the fast one. */
const agentBaud = 115_200;
const linkKinds = 'serial:, usb:, tcp:, or one of them at a station';

/** The cable of a place: two texts of one serial port differ in the rate. */
export function cableOf(place: Place): string {
  if (place.kind === 'station') return `station:${place.station}/${cableOf(place.place)}`;
  return place.kind === 'serial' ? place.path : placeText(place);
}

/** A place of this machine. Throws `station-not-there` for one at another station. */
export function refuseStation(place: Place): Exclude<Place, StationPlace> {
  if (place.kind !== 'station') return place;
  const inner = placeText(place.place);
  throw new Fault('station-not-there', { place: placeText(place), station: place.station, inner });
}

/** As `collectSockets`, for commands that work on this machine alone. Throws `station-not-there`. */
export function collectNearSockets(text: string, before: readonly string[] = []): string[] {
  refuseStation(parsePlace(text));
  return collectSockets(text, before);
}

/**
 * The next value of `--socket`: its canonical text, behind those before. Throws the faults of the grammar,
 * `place-unfit`, `socket-repeated`.
 */
export function collectSockets(text: string, before: readonly string[] = []): string[] {
  const place = parsePlace(text);
  const { kind } = place.kind === 'station' ? place.place : place;
  if (kind !== 'serial' && kind !== 'usb' && kind !== 'tcp') {
    const reason = kind === 'written' ? 'it is no place' : 'an agent is not spoken to through it';
    throw new Fault('place-unfit', {
      option: '--socket',
      place: placeText(place),
      reason,
      expected: linkKinds,
    });
  }
  const repeated = before.find((one) => cableOf(parsePlace(one)) === cableOf(place));
  if (repeated !== undefined) throw new Fault('socket-repeated', { socket: repeated });
  return [...before, placeText(place)];
}

/** Opens the agent's link at a place that `collectSockets` took. Throws the faults of its adapter. */
export async function openSocket(socket: string, stations?: Stations): Promise<ByteStream> {
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
    case 'station':
      if (stations !== undefined) return stations.openLink(place);
      throw new Fault('stations-file-needed', { place: socket, station: place.station });
    default:
      throw new Fault('internal-error', { detail: `${socket} was taken for a socket` });
  }
}
