// Which chips `firmseal personalize` is given: pairs of the way through which one is programmed (--via) and
// the place where its agent is spoken to (--socket), in the order of the command line.

import { Fault } from '@firmseal/fault';
import { type PlaceKind, parsePlace, placeText } from '@firmseal/places';
import { cableOf, refuseStation } from '../sockets.ts';

export interface Plug {
  /** Canonical text of a place, or `written`. */
  readonly via: string;
  readonly socket: string;
}

/** Ways whose cable leads to the agent too. */
const bothKinds: ReadonlySet<PlaceKind> = new Set<PlaceKind>(['serial', 'usb', 'tcp']);

/** What is plugged in there, at whichever station. */
export function kindOf(text: string): PlaceKind {
  const place = parsePlace(text);
  return place.kind === 'station' ? place.place.kind : place.kind;
}

const isWritten = (via: string): boolean => via === 'written';

const portOf = (text: string): string => cableOf(parsePlace(text));

/** As `collectWays`, for commands that work on this machine alone. Throws `station-not-there`. */
export function collectNearWays(text: string, before: readonly string[] = []): string[] {
  refuseStation(parsePlace(text));
  return collectWays(text, before);
}

/** The next value of `--via`. Throws the faults of the grammar, `socket-repeated`. */
export function collectWays(text: string, before: readonly string[] = []): string[] {
  const via = placeText(parsePlace(text));
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
    if (sockets === undefined && !bothKinds.has(kindOf(via))) throw new Fault('socket-needed', { via });
    return { via, socket };
  });
}

/** Whether nothing but software is at the end of the way. */
export const isVirtual = ({ via }: Plug): boolean => kindOf(via) === 'virtual';

/** The place at a station of a chip that is not here, if it is one. */
export function remoteOf({ via, socket }: Plug): string | undefined {
  return [via, socket].find((text) => parsePlace(text).kind === 'station');
}
