// Stations as the commands of a line reach them: through a relay, or by listening itself. One connection for
// each station that is used, made when it is first needed.

import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type ByteStream, systemClock } from '@firmseal/link';
import type { AgentWriter } from '@firmseal/personalization';
import { parsePlace, placeText, type StationPlace } from '@firmseal/places';
import { type Connection, joinAsLine, LineEnd, ListeningLine } from '@firmseal/remote';
import { connectTls, listenTls, TcpStream, type TlsListener } from '@firmseal/tcp-adapter';
import type { Face } from '../face.ts';
import { toHostPort } from '../options.ts';
import { readToken } from '../secret-files.ts';
import { readTlsFiles } from '../serve/tls-files.ts';
import { readTlsVariables } from '../tls-fetch.ts';
import { readStationsFile, type StationsFile, tokenChecker, tokenDigest } from './remote-files.ts';

/** How long a station may take until it is there: its program looks for the line every five seconds. */
const reachMs = 30_000;

type Reach = (station: string) => Promise<Connection>;

/** What `station:NAME/PLACE` needs. Without a file every station is refused. */
export class Stations {
  readonly #face: Face;
  readonly #file: StationsFile | undefined;
  readonly #lines = new Map<string, LineEnd>();
  #reach: Reach | undefined;
  #listener: Promise<TlsListener> | undefined;

  constructor(face: Face, path: string | undefined) {
    this.#face = face;
    this.#file = path === undefined ? undefined : readStationsFile(path);
  }

  /** Throws `stations-file-needed` for a place at a station that the file does not name; opens nothing. */
  admit(places: readonly string[]): void {
    for (const text of places) {
      const place = parsePlace(text);
      if (place.kind === 'station') this.#refuseUnknown(place);
    }
  }

  #refuseUnknown(place: StationPlace): void {
    const { station } = place;
    if (this.#file === undefined || !Object.hasOwn(this.#file.stations, station))
      throw new Fault('stations-file-needed', { place: placeText(place), station });
  }

  /** The link of a chip at a station. Throws the faults of the station and of the way to it. */
  openLink(place: StationPlace): Promise<ByteStream> {
    return this.#line(place).openLink(placeText(place.place));
  }

  /** Writes agents at the station itself; only the order crosses. */
  writer(place: StationPlace, chip: string): AgentWriter {
    const line = this.#line(place);
    const inner = placeText(place.place);
    return {
      write: ({ image, leastMillivolts, eraseProtected = false }) =>
        line.writeAgent(inner, chip, {
          image: image.map(({ address, bytes }) => ({ address, bytes: Uint8Array.from(bytes) })),
          ...(leastMillivolts === undefined ? {} : { leastMillivolts }),
          eraseProtected,
        }),
      start: () => line.startAgent(inner, chip),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
    await (await this.#listener)?.close();
  }

  #line(place: StationPlace): LineEnd {
    this.#refuseUnknown(place);
    const { station } = place;
    const known = this.#lines.get(station);
    if (known !== undefined) return known;
    this.#reach ??= this.#makeReach(this.#file!);
    const reach = this.#reach;
    let told = false;
    const line = new LineEnd({
      station,
      reach: async () => {
        try {
          const connection = await reach(station);
          told = false;
          return connection;
        } catch (error) {
          // A socket whose station is away looks like an empty one: it is said once.
          if (!told && error instanceof Fault) this.#face.warn(error.message);
          told = true;
          throw error;
        }
      },
      clock: systemClock,
      randomBytes: (count) => nodeCrypto.randomBytes(count),
      onChange: (state) =>
        this.#face.warn(
          state === 'away'
            ? `The connection to the station ${station} is gone; trying again.`
            : `The station ${station} is back.`,
        ),
    });
    this.#lines.set(station, line);
    return line;
  }

  #tellPort(host: string, port: number): void {
    if (this.#face.json) this.#face.event({ event: 'stations-listening', host, port });
    else this.#face.note(`Stations may connect to ${host}:${port}.`);
  }

  #makeReach({ relay, listen, stations }: StationsFile): Reach {
    const token = (station: string): string =>
      new TextDecoder().decode(readToken(this.#face, stations[station]!).expose());
    if (relay !== undefined) {
      const address = toHostPort(relay)!;
      const files = readTlsVariables(this.#face.shell) ?? {};
      return (station) => {
        const instance = nodeCrypto.randomBytes(16);
        const joining = { role: 'line', station, token: token(station), instance } as const;
        const dial = () => connectTls(address, files);
        return joinAsLine({ dial, joining, clock: systemClock }, reachMs);
      };
    }
    const { address, certificate, key, clientCa } = listen!;
    const digests = Object.fromEntries(Object.keys(stations).map((one) => [one, tokenDigest(token(one))]));
    const line = new ListeningLine({ clock: systemClock, isToken: tokenChecker(digests) });
    const files = readTlsFiles(this.#face, { cert: certificate, key, clientCa });
    this.#listener = listenTls(toHostPort(address)!, files, (socket) => line.take(new TcpStream(socket)));
    this.#listener.then(
      ({ port }) => this.#tellPort(toHostPort(address)!.host, port),
      () => undefined, // who reaches for a station meets the fault
    );
    return async (station) => {
      await this.#listener;
      return line.reach(station, reachMs);
    };
  }
}

/** Runs with the stations of a file, and lets go of them. Throws `stations-file-needed` before it begins. */
export async function withStations<T>(
  face: Face,
  { stations: path, places }: { readonly stations?: string | undefined; readonly places: readonly string[] },
  run: (stations: Stations) => Promise<T>,
): Promise<T> {
  const stations = new Stations(face, path);
  stations.admit(places);
  try {
    return await run(stations);
  } finally {
    await stations.close().catch(() => undefined);
  }
}
