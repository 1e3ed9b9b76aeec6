// The cables that a station lends, opened by the adapters of this machine.

import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { agentWriter } from '@firmseal/personalization';
import { parsePlace, placeText } from '@firmseal/places';
import type { StationPorts } from '@firmseal/remote';
import { openProgrammer } from '../programmer-place.ts';
import { cableOf, openSocket, refuseStation } from '../sockets.ts';

/**
 * The next value of `--place`: its canonical text, behind those before. Throws the faults of the grammar,
 * `station-not-there`, `place-unfit`, `socket-repeated`.
 */
export function collectLent(text: string, before: readonly string[] = []): string[] {
  const place = refuseStation(parsePlace(text));
  if (place.kind === 'written')
    throw new Fault('place-unfit', {
      ...{ option: '--place', place: text, reason: 'it is no place' },
      expected: 'serial:, usb:, tcp:, probe:, openocd:, virtual:',
    });
  if (before.some((one) => cableOf(parsePlace(one)) === cableOf(place)))
    throw new Fault('socket-repeated', { socket: placeText(place) });
  return [...before, placeText(place)];
}

const linkKinds: ReadonlySet<string> = new Set(['serial', 'usb', 'tcp']);

export function lentPorts(station: string, places: readonly string[]): StationPorts {
  const lent = new Set(places.map((text) => cableOf(parsePlace(text))));
  const writerOf = (place: string, chip: string) => {
    const named = findChip(chip);
    return agentWriter(() => openProgrammer(place, named), named);
  };
  return {
    admit: (text) => {
      const refused = new Fault('station-place-not-lent', { station, place: text });
      let cable: string;
      try {
        cable = cableOf(parsePlace(text));
      } catch (cause) {
        if (!(cause instanceof Fault)) throw cause;
        throw refused;
      }
      if (!lent.has(cable)) throw refused;
      return cable;
    },
    openLink: async (place) => {
      if (!linkKinds.has(parsePlace(place).kind)) throw new Fault('station-place-unfit', { station, place });
      return openSocket(place);
    },
    writeAgent: (place, chip, order) => writerOf(place, chip).write(order),
    startAgent: (place, chip) => writerOf(place, chip).start(),
  };
}
