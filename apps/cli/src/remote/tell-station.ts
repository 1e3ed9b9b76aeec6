// What a station says of itself while it serves: a line for each change, no bytes and no secrets.

import { type Fault, faultLabel } from '@firmseal/fault';
import type { StationEvent } from '@firmseal/remote';
import type { Face } from '../face.ts';

const changes = {
  'line-came': 'a line has come',
  'line-back': 'the line is back, and goes on',
  'line-away': 'the connection to the line is gone; what is open waits for it',
  'line-left': 'a line has left',
} as const;

const doing = {
  link: { opened: 'lent', closed: 'free again' },
  'write-agent': { opened: 'the agent is being written', closed: 'done with writing' },
  'start-agent': { opened: 'the agent is being started', closed: 'done with starting' },
} as const;

export function tellStation(
  face: Face,
  { station, address, places }: { station: string; address: string; places: readonly string[] },
) {
  face.tell(
    { event: 'station', station, address, places },
    `station ${station} lends ${places.join(', ')} and connects to ${address}`,
  );
  return {
    reach: (reached: boolean, fault?: Fault): void => {
      if (reached) {
        face.tell(
          { event: 'station-waits', station, address },
          `${address} has taken the station; a line may come`,
        );
        return;
      }
      const { code, message } = fault!;
      face.tell(
        { event: 'station-away', station, address, code, sentence: message },
        `${faultLabel(code)} ${code}: ${message} Trying again.`,
      );
    },
    station: (event: StationEvent): void => {
      const { kind } = event;
      if (kind === 'opened' || kind === 'closed') {
        const { place, purpose } = event;
        face.tell({ event: `place-${kind}`, place, purpose }, `${place}: ${doing[purpose][kind]}`);
      } else if (kind === 'failed') {
        const { place, fault } = event;
        const { code, message } = fault;
        face.tell(
          { event: 'place-failed', place, code, sentence: message },
          `${place}: ${faultLabel(code)} ${code}: ${message}`,
        );
      } else face.tell({ event: kind }, changes[kind]);
    },
  };
}
