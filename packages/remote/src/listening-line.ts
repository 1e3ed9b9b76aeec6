// A line that stations connect to directly, without a relay: looks at their names and tokens, keeps who
// waits, and gives out one connection for each that is asked for. spec/remote.md section 3.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import { Connection } from './connection.ts';
import { faultPayload, type Join, readJoin, stationVersion } from './messages.ts';
import { Pairing, type Party } from './pairing.ts';

/** A connection says what it is within this time. */
const joinMs = 10_000;

interface WaitingStation extends Party {
  readonly connection: Connection;
}

interface Asking extends Party {
  give(connection: Connection): void;
}

export interface ListeningLineOptions {
  readonly clock: Clock;
  /** Whether the token is that of the station; takes as long for a wrong one. */
  readonly isToken: (station: string, token: string) => boolean;
}

export class ListeningLine {
  readonly #options: ListeningLineOptions;
  readonly #pairing = new Pairing<WaitingStation, Asking>((station, asking) =>
    asking.give(station.connection),
  );

  constructor(options: ListeningLineOptions) {
    this.#options = options;
  }

  /** Takes a connection that somebody has made. */
  take(stream: ByteStream): void {
    const connection = new Connection(stream, this.#options.clock);
    const cancel = this.#options.clock.after(joinMs, () =>
      connection.close(new Fault('station-silent', { seconds: joinMs / 1000 })),
    );
    connection.listen({
      frame: ({ type, payload }) => {
        if (type !== 'join') throw new Fault('station-frame-malformed', { problem: `${type} before join` });
        cancel();
        try {
          this.#admit(connection, readJoin(payload));
        } catch (error) {
          connection.send('refused', faultPayload(error));
          throw error;
        }
      },
      closed: cancel,
    });
  }

  /** A connection joined to the station. Throws `station-away` when no connection comes in time. */
  reach(station: string, withinMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const asking: Asking = {
        give: (connection) => {
          cancel();
          connection.send('joined');
          resolve(connection);
        },
        refuse: reject,
      };
      const cancel = this.#options.clock.after(withinMs, () => {
        this.#pairing.removeLine(station, asking);
        reject(new Fault('station-away', { station, seconds: Math.round(withinMs / 1000) }));
      });
      this.#pairing.addLine(station, asking);
    });
  }

  #admit(connection: Connection, join: Join): void {
    refuseJoin(join, this.#options.isToken);
    if (join.role !== 'station')
      throw new Fault('station-frame-malformed', { problem: 'a line that joins a line' });
    const { station, instance } = join;
    const waiting: WaitingStation = {
      connection,
      refuse: (fault) => {
        connection.send('refused', faultPayload(fault));
        connection.close(fault);
      },
    };
    connection.send('waiting');
    connection.listen({
      frame: ({ type }) => {
        throw new Fault('station-frame-malformed', { problem: `${type} while it waits` });
      },
      closed: () => this.#pairing.removeStation(station, waiting),
    });
    this.#pairing.addStation(station, toHex(instance), waiting);
  }
}

/** Throws `station-version-wrong`, `station-token-wrong`. */
export function refuseJoin(
  { version, role, station, token }: Join,
  isToken: ListeningLineOptions['isToken'],
): void {
  if (version !== stationVersion) throw new Fault('station-version-wrong', { peer: `the ${role}`, version });
  if (!isToken(station, token)) throw new Fault('station-token-wrong', { station });
}
