// A relay: joins the connection of a line with one of the station that it names, and passes on what comes. It
// reads the first frame of each connection and nothing after it, keeps no key, writes no file, and knows
// nothing of a pair once one of its connections ended. spec/remote.md sections 3 and 7.

import type { Socket } from 'node:net';
import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  encodeStationFrame,
  faultPayload,
  type Join,
  Pairing,
  type Party,
  readJoin,
  refuseJoin,
  type StationFrame,
  StationFrameReader,
} from '@firmseal/remote';

/** A connection says what it is within this time. */
const joinMs = 10_000;
const aliveEveryMs = 5000;
/** Ends a connection on which nothing came for so long: both ends give signs of life. */
const silentMs = 30_000;
/** How long an end may take what was sent to it before the other one went. */
const lastWordsMs = 2000;

export type RelayEvent =
  | { readonly kind: 'waits' | 'refused'; readonly role: Join['role']; readonly station: string }
  | { readonly kind: 'joined' | 'ended'; readonly station: string };

export interface RelayOptions {
  /** Whether the token is that of the station. */
  readonly isToken: (station: string, token: string) => boolean;
  readonly onEvent?: (event: RelayEvent) => void;
}

const frame = (type: StationFrame['type'], payload = new Uint8Array(0)): Uint8Array =>
  encodeStationFrame({ type, channel: 0, number: 0, payload });

/** One connection until it is joined. */
class RelayParty implements Party {
  readonly socket: Socket;
  readonly #reader = new StationFrameReader();
  readonly #alive: NodeJS.Timeout;
  readonly #data: (bytes: Buffer) => void;

  constructor(socket: Socket, onJoin: (party: RelayParty, join: Join) => void) {
    this.socket = socket;
    let join: Join | undefined;
    const late = setTimeout(() => socket.destroy(), joinMs);
    this.#alive = setInterval(() => socket.write(frame('alive')), aliveEveryMs);
    this.#data = (bytes) => {
      const before = join;
      try {
        this.#reader.push(bytes, ({ type, payload }) => {
          if (type === 'alive') return;
          if (type !== 'join' || join !== undefined)
            throw new Fault('station-frame-malformed', { problem: `${type} while it waits` });
          join = readJoin(payload);
        });
        if (join === undefined || before !== undefined) return;
        clearTimeout(late);
        onJoin(this, join);
      } catch (error) {
        this.refuse(error);
      }
    };
    socket.on('data', this.#data);
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(late);
      clearInterval(this.#alive);
    });
  }

  refuse(error: unknown): void {
    this.socket.off('data', this.#data);
    this.socket.end(frame('refused', faultPayload(error)));
    this.socket.resume();
    // Who was refused has time to read why.
    setTimeout(() => this.socket.destroy(), lastWordsMs).unref();
  }

  tellWaiting(): void {
    this.socket.write(frame('waiting'));
  }

  /** Both ends learn that they are joined; from here on bytes are passed on as they are. */
  joinWith(other: RelayParty): void {
    this.#leave();
    other.#leave();
    this.#passTo(other);
    other.#passTo(this);
  }

  #leave(): void {
    this.socket.off('data', this.#data);
    clearInterval(this.#alive);
    this.socket.write(frame('joined'));
  }

  #passTo({ socket: to }: RelayParty): void {
    const from = this.socket;
    to.write(this.#reader.rest); // of a frame that had begun
    from.pipe(to);
    from.on('close', () => {
      to.end(); // after what was under way
      setTimeout(() => to.destroy(), lastWordsMs).unref();
    });
  }
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #pairing: Pairing<RelayParty, RelayParty>;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#pairing = new Pairing((station, line) => station.joinWith(line));
  }

  /** Takes a connection, TLS being done. */
  take(socket: Socket): void {
    socket.setNoDelay(true);
    const { isToken, onEvent } = this.#options;
    new RelayParty(socket, (party, join) => {
      const { role, station, instance } = join;
      try {
        refuseJoin(join, isToken);
        socket.on('close', () => this.#forget(party, join));
        party.tellWaiting();
        onEvent?.({ kind: 'waits', role, station });
        if (role === 'line') this.#pairing.addLine(station, party);
        else this.#pairing.addStation(station, toHex(instance), party);
      } catch (error) {
        onEvent?.({ kind: 'refused', role, station });
        throw error;
      }
    });
  }

  #forget(party: RelayParty, { role, station }: Join): void {
    if (role === 'line') this.#pairing.removeLine(station, party);
    else this.#pairing.removeStation(station, party);
    this.#options.onEvent?.({ kind: 'ended', station });
  }
}
