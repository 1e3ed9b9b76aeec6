// Which chips `firmseal personalize` is given: pairs of the way through which one is programmed (--via) and
// the place where its agent is spoken to (--socket), in the order of the command line.

import { Fault } from '@firmseal/fault';
import { type PlaceKind, parsePlace, placeText } from '@firmseal/places';

export interface Plug {
  /** Canonical text of a place, or `written`. */
  readonly via: string;
  readonly socket: string;
}

/** Ways whose cable leads to the agent too. */
const bothKinds: ReadonlySet<PlaceKind> = new Set<PlaceKind>(['serial', 'usb', 'tcp']);

const isWritten = (via: string): boolean => via === 'written';

/** Two texts of one serial port differ in the rate. */
function portOf(text: string): string {
  const place = parsePlace(text);
  return place.kind === 'serial' ? place.path : text;
}

/** The next value of `--via`. Throws the faults of the grammar, `station-not-there`, `socket-repeated`. */
export function collectWays(text: string, before: readonly string[] = []): string[] {
  const place = parsePlace(text);
  if (place.kind === 'station') throw new Fault('station-not-there', { place: text });
  const via = placeText(place);
  if (!isWritten(via) && before.some((one) => portOf(one) === portOf(via)))
    throw new Fault('socket-repeated', { socket: via });
  return [...before, via];
}

/** Throws `sockets-unequal`, `socket-needed`. */
export function plugsOf(ways: readonly string[], sockets: readonly string[] | undefined): Plug[] {
  if (sockets !== undefined && sockets.length !== ways.length)
    throw new Fault('sockets-unequal', { ways: ways.length, sockets: sockets.length });
  return ways.map((via, i) => {
    const socket = sockets?.[i] ?? via;
    if (sockets === undefined && !bothKinds.has(parsePlace(via).kind))
      throw new Fault('socket-needed', { via });
    return { via, socket };
  });
}

/** Whether nothing but software is at the end of the way. */
export const isVirtual = ({ via }: Plug): boolean => parsePlace(via).kind === 'virtual';
