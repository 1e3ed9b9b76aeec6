// A line and a station with a long way between them, on the clock of a test: the real ends, and cables that a
// test plugs in.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import {
  type AgentOrder,
  type Connection,
  LineEnd,
  ListeningLine,
  runStation,
  StationEnd,
  type StationEvent,
} from '../src/index.ts';
import { createSlowPair, type SlowPair, type Way } from './slow-pair.ts';

export const stationToken = 'a token of sixteen letters or more'.replaceAll(' ', '-');

export class RemoteSite {
  readonly clock: Clock;
  readonly cables = new Map<string, () => Promise<ByteStream>>();
  readonly written: { place: string; chip: string; order?: AgentOrder }[] = [];
  readonly events: StationEvent[] = [];
  readonly changes: string[] = [];
  /** Sees and changes what crosses, of connections that stand already too. */
  meddle: NonNullable<Way['meddle']> = (bytes) => bytes;
  /** What a write of an agent does. */
  write: (order: AgentOrder) => Promise<void> = async () => undefined;
  /** Of connections that are made from now on. */
  way: Omit<Way, 'clock'> = { delayMs: 0 };
  /** Bytes that arrive at once, at the most. */
  pieces = Number.POSITIVE_INFINITY;
  /** False: nobody reaches the line. */
  reachable = true;
  pairs: SlowPair[] = [];
  station!: StationEnd;
  #abort = new AbortController();
  #instances = 0;
  readonly #listening: ListeningLine;

  constructor(clock: Clock) {
    this.clock = clock;
    const isToken = (_: string, token: string) => token === stationToken;
    this.#listening = new ListeningLine({ clock, isToken });
  }

  /** Starts the station's program; one that runs is ended. Resolves as the program ends. */
  start(name = 'hall', token = stationToken): Promise<void> {
    this.#abort.abort();
    return this.startBeside(name, token);
  }

  /** Starts one more program. */
  startBeside(name = 'hall', token = stationToken): Promise<void> {
    this.#abort = new AbortController();
    const station = new StationEnd({
      station: name,
      clock: this.clock,
      onEvent: (event) => this.events.push(event),
      ports: {
        admit: (place) => {
          if (!this.cables.has(place)) throw new Fault('station-place-not-lent', { station: name, place });
          return place;
        },
        openLink: (place) => this.cables.get(place)!(),
        writeAgent: (place, chip, order) => {
          this.written.push({ place, chip, order });
          return this.write(order);
        },
        startAgent: async (place, chip) => void this.written.push({ place, chip }),
      },
    });
    this.station = station;
    return runStation({
      clock: this.clock,
      joining: { role: 'station', station: name, token, instance: filled(++this.#instances) },
      dial: async () => {
        if (!this.reachable) throw new Fault('station-unreachable', { address: 'the line', reason: 'cut' });
        const pair = createSlowPair({
          ...{ clock: this.clock, ...this.way },
          meddle: (bytes, end) => this.meddle(bytes, end),
        });
        this.pairs.push(pair);
        this.#listening.take(inPieces(pair.ends[1], this.pieces));
        return inPieces(pair.ends[0], this.pieces);
      },
      take: (connection: Connection) => station.take(connection),
      signal: this.#abort.signal,
    });
  }

  /** Ends the station's program as a power cut does: its cables and connections are gone. */
  async kill(): Promise<void> {
    this.#abort.abort();
    this.cut();
    await this.station.close();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of this.pairs.splice(0)) pair.cut();
  }

  /** `kill`: its connections break, and it makes no others. */
  line(station = 'hall'): LineEnd & { kill(): void } {
    const made: Connection[] = [];
    let killed = false;
    const line = new LineEnd({
      station,
      clock: this.clock,
      reach: async () => {
        if (killed) return new Promise<never>(() => undefined);
        const connection = await this.#listening.reach(station, 10_000);
        made.push(connection);
        return connection;
      },
      randomBytes: (count) => filled(count + ++this.#instances).slice(0, count) as Bytes,
      onChange: (state) => this.changes.push(state),
    });
    const kill = () => {
      killed = true;
      for (const connection of made) connection.close();
    };
    return Object.assign(line, { kill });
  }

  end(): void {
    this.#abort.abort();
  }
}

const filled = (value: number): Bytes => new Uint8Array(16).fill(value);

/** The same stream, whose bytes arrive in pieces. */
function inPieces(stream: ByteStream, most: number): ByteStream {
  if (most === Number.POSITIVE_INFINITY) return stream;
  return {
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
    listen: ({ data, closed }) =>
      stream.listen({
        closed,
        data: (bytes) => {
          for (let at = 0; at < bytes.length; at += most) data(bytes.subarray(at, at + most));
        },
      }),
  };
}
