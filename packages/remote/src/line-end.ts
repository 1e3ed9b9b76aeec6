// The line's end: a station by its name, its places as byte streams, and whole operations that the station
// carries out beside the chip. Connects when it is first needed, and again when a connection broke.
// spec/remote.md sections 3 to 5. How a connection is made is the caller's.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type ByteStream, type Clock, sleep } from '@firmseal/link';
import { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { StationFrame } from './frame.ts';
import {
  type AgentOrder,
  type Begun,
  beginPayload,
  type Open,
  openPayload,
  orderPayload,
  readBegun,
  readFault,
  stationVersion,
} from './messages.ts';
import { graceMs, Session } from './session.ts';

/** A station answers the beginning of a session within this time. */
const beginMs = 20_000;
/** A cable is open within this time: a USB device may need ten seconds after a reset. */
const openMs = 20_000;
const [firstPauseMs, longestPauseMs] = [250, 4000];

export interface LineEndOptions {
  readonly station: string;
  /** A connection that is joined to the station; throws `station-away` and the faults of the network. */
  readonly reach: () => Promise<Connection>;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Bytes;
  /** A connection broke, or is there again. */
  readonly onChange?: (state: 'away' | 'back') => void;
}

/** A session, its channels, and whether it can still go on. */
interface Life {
  readonly session: Session;
  readonly id: Bytes;
  readonly channels: Map<number, Channel>;
  over: boolean;
}

export class LineEnd {
  readonly #options: LineEndOptions;
  #life: Life | undefined;
  #beginning: Promise<Life> | undefined;
  #nextChannel = 1;
  #closed = false;

  constructor(options: LineEndOptions) {
    this.#options = options;
  }

  /** The link of a chip. Throws what the station met, and the faults of the connection. */
  async openLink(place: string): Promise<ByteStream> {
    const channel = await this.#open({ purpose: 'link', place, chip: '', orderBytes: 0 });
    let isLate = false;
    const cancel = this.#options.clock.after(openMs, () => {
      isLate = true;
      void channel.close();
    });
    try {
      await channel.ready;
      return channel;
    } catch (error) {
      if (isLate) throw new Fault('station-silent', { seconds: openMs / 1000 });
      throw error;
    } finally {
      cancel();
    }
  }

  /** Writes the agent through a place of the station, reads it back there and lets the chip run it. */
  writeAgent(place: string, chip: string, order: AgentOrder): Promise<void> {
    return this.#operate({ purpose: 'write-agent', place, chip }, orderPayload(order));
  }

  /** Lets a chip that waits in its ROM bootloader run its agent again. */
  startAgent(place: string, chip: string): Promise<void> {
    return this.#operate({ purpose: 'start-agent', place, chip }, new Uint8Array(0));
  }

  /** Ends all channels and the connection; the station learns that nobody will come back. */
  async close(): Promise<void> {
    this.#closed = true;
    const life = this.#life;
    if (life === undefined || life.over) return;
    for (const channel of [...life.channels.values()]) await channel.close();
    await life.session.finish();
    this.#lose(life, new Fault('link-closed'));
  }

  async #operate(open: Omit<Open, 'orderBytes'>, order: Bytes): Promise<void> {
    const channel = await this.#open({ ...open, orderBytes: order.length });
    await new Promise<void>((resolve, reject) => {
      channel.listen({
        data: () => channel.fail(new Fault('station-frame-malformed', { problem: 'data of an operation' })),
        closed: (cause) => (cause === undefined ? resolve() : reject(cause)),
      });
      if (order.length > 0) channel.write(order).catch(() => undefined); // the end says why
    });
  }

  async #open(open: Open): Promise<Channel> {
    const life = await this.#alive();
    const id = this.#nextChannel++;
    const channel = new Channel({
      send: (type, payload) => life.session.send(type, id, payload),
      onEnd: () => life.channels.delete(id),
    });
    life.channels.set(id, channel);
    life.session.send('open', id, openPayload(open));
    return channel;
  }

  #alive(): Promise<Life> {
    if (this.#closed) return Promise.reject(new Fault('link-closed'));
    if (this.#life !== undefined && !this.#life.over) return Promise.resolve(this.#life);
    this.#beginning ??= this.#begin().finally(() => {
      this.#beginning = undefined;
    });
    return this.#beginning;
  }

  async #begin(): Promise<Life> {
    const life: Life = {
      id: this.#options.randomBytes(16),
      channels: new Map(),
      over: false,
      session: new Session({
        frame: (frame) => this.#take(life, frame),
        detached: () => void this.#reattach(life),
      }),
    };
    await this.#attach(life, false);
    this.#life = life;
    return life;
  }

  /**
   * Connects for the session. Throws when no connection is made, and when the station
   * does not know the session.
   */
  async #attach(life: Life, resumes: boolean): Promise<void> {
    const { station, reach, clock } = this.#options;
    const connection = await reach();
    const { session, id } = life;
    const begin = { version: stationVersion, station, session: id, resumes, received: session.received };
    connection.send('begin', beginPayload(begin));
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(beginMs, () =>
        connection.close(new Fault('station-silent', { seconds: beginMs / 1000 })),
      );
      connection.listen({
        frame: (frame) => {
          const { received } = this.#readBegun(frame, resumes);
          cancel();
          // A stop that came meanwhile found no connection to end.
          if (life.over || this.#closed) throw new Fault('link-closed');
          // At once: what follows in the same packet belongs to the session.
          session.attach(connection, received);
          resolve();
        },
        closed: (cause) => {
          cancel();
          reject(cause);
        },
      });
    });
  }

  /** Throws the station's refusal, `station-version-wrong`, `station-restarted`. */
  #readBegun({ type, payload }: StationFrame, resumes: boolean): Begun {
    const { station } = this.#options;
    if (type === 'refused') throw readFault(payload);
    if (type !== 'begun')
      throw new Fault('station-frame-malformed', { problem: `${type} before a session has begun` });
    const begun = readBegun(payload);
    if (begun.version !== stationVersion)
      throw new Fault('station-version-wrong', { peer: station, version: begun.version });
    if (resumes && !begun.resumed) throw new Fault('station-restarted', { station });
    return begun;
  }

  async #reattach(life: Life): Promise<void> {
    const { clock, station, onChange } = this.#options;
    if (life.over || this.#closed) return;
    onChange?.('away');
    const endMs = clock.nowMs() + graceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        await this.#attach(life, true);
        onChange?.('back');
        return;
      } catch (error) {
        if (life.over || this.#closed) return;
        const isGone = error instanceof Fault && error.code === 'station-restarted';
        if (isGone || !(error instanceof Fault)) {
          this.#lose(
            life,
            error instanceof Fault ? error : new Fault('internal-error', { detail: 'reattach' }),
          );
          return;
        }
        if (clock.nowMs() + pauseMs >= endMs) {
          const seconds = graceMs / 1000;
          this.#lose(life, new Fault('station-lost', { station, seconds }, { cause: error }));
          return;
        }
      }
      await sleep(clock, pauseMs);
    }
  }

  #take(life: Life, frame: StationFrame): void {
    if (frame.type === 'open')
      throw new Fault('station-frame-malformed', { problem: 'a station that opens a channel' });
    // A channel that this side has closed may still get what was under way.
    life.channels.get(frame.channel)?.take(frame);
  }

  #lose(life: Life | undefined, fault: Fault): void {
    if (life === undefined || life.over) return;
    life.over = true;
    for (const channel of [...life.channels.values()]) channel.end(fault);
    life.session.detach(fault);
  }
}
