// Who waits for whom, by the name of the station: at a relay, and at a line that listens itself. Nothing is
// kept of a pair once it is made. spec/remote.md section 3.

import { Fault } from '@firmseal/fault';

/** Connections of one name that wait; a station keeps one or two, lines come one by one. */
const mostWaiting = 64;

export interface Party {
  /** Tells it why it is not joined, and lets it go. */
  refuse(fault: Fault): void;
}

interface WaitingStation<S> {
  readonly instance: string;
  readonly party: S;
}

export class Pairing<S extends Party, L extends Party> {
  readonly #join: (station: S, line: L) => void;
  readonly #stations = new Map<string, WaitingStation<S>[]>();
  readonly #lines = new Map<string, L[]>();

  constructor(join: (station: S, line: L) => void) {
    this.#join = join;
  }

  /**
   * A station that was started again takes the place of the one that waits under its name: the connection of
   * one that lost its network may look alive for a while.
   */
  addStation(name: string, instance: string, party: S): void {
    const waiting = this.#stations.get(name) ?? [];
    const others = waiting.filter((one) => one.instance !== instance);
    for (const one of others) {
      this.removeStation(name, one.party);
      one.party.refuse(new Fault('station-replaced', { station: name }));
    }
    const line = this.#lines.get(name)?.[0];
    if (line !== undefined) {
      this.removeLine(name, line);
      this.#join(party, line);
      return;
    }
    add(this.#stations, name, { instance, party });
  }

  addLine(name: string, party: L): void {
    const station = this.#stations.get(name)?.[0];
    if (station === undefined) {
      add(this.#lines, name, party);
      return;
    }
    this.removeStation(name, station.party);
    this.#join(station.party, party);
  }

  removeStation(name: string, party: S): void {
    remove(this.#stations, name, (one) => one.party === party);
  }

  removeLine(name: string, party: L): void {
    remove(this.#lines, name, (one) => one === party);
  }

  /** Connections that wait, of both kinds. */
  get count(): number {
    const sizes = [...this.#stations.values(), ...this.#lines.values()].map(({ length }) => length);
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}

/** Throws `station-full`. */
function add<T>(all: Map<string, T[]>, name: string, one: T): void {
  const some = all.get(name) ?? [];
  if (some.length >= mostWaiting) throw new Fault('station-full', { most: mostWaiting });
  all.set(name, [...some, one]);
}

function remove<T>(all: Map<string, T[]>, name: string, isIt: (one: T) => boolean): void {
  const rest = (all.get(name) ?? []).filter((one) => !isIt(one));
  if (rest.length === 0) all.delete(name);
  else all.set(name, rest);
}
