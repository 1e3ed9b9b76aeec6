// The station's end: takes joined connections, keeps the sessions of lines, and opens the places that it
// lends, and no others. spec/remote.md sections 3 to 6. What a place is, how a chip is programmed and how
// connections come about are the caller's.

import { type Bytes, concatBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { StationFrame } from './frame.ts';
import {
  type AgentOrder,
  type Begin,
  begunPayload,
  faultPayload,
  type Open,
  readBegin,
  readOpen,
  readOrder,
  stationVersion,
} from './messages.ts';
import { Pacer } from './pacer.ts';
import { graceMs, Session } from './session.ts';

/** Lines at a time, and channels of one line. */
const mostSessions = 32;
const mostChannels = 256;
/** A line begins its session within this time. */
const beginMs = 20_000;

/** The cables of a station. Places are canonical texts that the station lends. */
export interface StationPorts {
  /**
   * The cable of a place, by a name of its own: two texts of one port give one. Throws
   * `station-place-not-lent`; called before any of the others.
   */
  admit(place: string): string;
  openLink(place: string): Promise<ByteStream>;
  writeAgent(place: string, chip: string, order: AgentOrder): Promise<void>;
  startAgent(place: string, chip: string): Promise<void>;
}

export type StationEvent =
  | { readonly kind: 'line-came' | 'line-back' | 'line-away' | 'line-left' }
  | { readonly kind: 'opened' | 'closed'; readonly place: string; readonly purpose: Open['purpose'] }
  | { readonly kind: 'failed'; readonly place: string; readonly fault: Fault };

export interface StationEndOptions {
  readonly station: string;
  readonly ports: StationPorts;
  readonly clock: Clock;
  readonly onEvent?: (event: StationEvent) => void;
}

interface Life {
  readonly session: Session;
  readonly channels: Map<number, Channel>;
  cancelGrace: () => void;
}

/** Who uses a place, and when it is free again. */
interface Use {
  readonly life: Life;
  readonly channel: Channel;
  readonly over: Promise<void>;
}

export class StationEnd {
  readonly #options: StationEndOptions;
  readonly #lives = new Map<string, Life>();
  readonly #uses = new Map<string, Use>();

  constructor(options: StationEndOptions) {
    this.#options = options;
  }

  /** Takes a connection that is joined to a line. Its faults end that connection and nothing else. */
  take(connection: Connection): void {
    const { clock, station } = this.#options;
    const cancel = clock.after(beginMs, () =>
      connection.close(new Fault('station-silent', { seconds: beginMs / 1000 })),
    );
    connection.listen({
      frame: ({ type, payload }) => {
        if (type !== 'begin')
          throw new Fault('station-frame-malformed', { problem: `${type} before a session has begun` });
        const begin = readBegin(payload);
        cancel();
        try {
          if (begin.version !== stationVersion)
            throw new Fault('station-version-wrong', { peer: 'the line', version: begin.version });
          if (begin.station !== station)
            throw new Fault('station-another', { asked: begin.station, station });
          this.#begin(connection, begin);
        } catch (error) {
          connection.send('refused', faultPayload(error));
          throw error;
        }
      },
      closed: cancel,
    });
  }

  /** Ends all sessions and lets go of all places. */
  async close(): Promise<void> {
    for (const [id, life] of [...this.#lives]) this.#end(id, life, new Fault('link-closed'));
    await Promise.all([...this.#uses.values()].map(({ over }) => over));
  }

  #begin(connection: Connection, { session, resumes, received }: Begin): void {
    const id = toHex(session);
    const known = resumes ? this.#lives.get(id) : undefined;
    if (known === undefined && this.#lives.size >= mostSessions)
      throw new Fault('station-full', { most: mostSessions });
    const life = known ?? this.#newLife(id);
    life.cancelGrace();
    const resumed = known !== undefined;
    const answer = { version: stationVersion, resumed, received: life.session.received };
    connection.send('begun', begunPayload(answer));
    try {
      life.session.attach(connection, resumed ? received : 0);
    } catch (error) {
      this.#waitForReturn(id, life); // the connection was of no use
      throw error;
    }
    this.#options.onEvent?.({ kind: resumed ? 'line-back' : 'line-came' });
  }

  #newLife(id: string): Life {
    const before = this.#lives.get(id);
    if (before !== undefined) this.#end(id, before, new Fault('link-closed'));
    const life: Life = {
      channels: new Map(),
      cancelGrace: () => undefined,
      session: new Session({
        frame: (frame) => this.#take(life, frame),
        detached: () => this.#waitForReturn(id, life),
      }),
    };
    this.#lives.set(id, life);
    return life;
  }

  #waitForReturn(id: string, life: Life): void {
    const { clock, station, onEvent } = this.#options;
    if (this.#lives.get(id) !== life) return;
    // A line that has nothing open has ended its work; one that has comes back.
    if (life.channels.size === 0) {
      this.#end(id, life, new Fault('link-closed'));
      return;
    }
    onEvent?.({ kind: 'line-away' });
    life.cancelGrace = clock.after(graceMs, () =>
      this.#end(id, life, new Fault('station-lost', { station, seconds: graceMs / 1000 })),
    );
  }

  #end(id: string, life: Life, fault: Fault): void {
    this.#lives.delete(id);
    life.cancelGrace();
    for (const channel of [...life.channels.values()]) channel.end(fault);
    life.session.detach(fault);
    this.#options.onEvent?.({ kind: 'line-left' });
  }

  #take(life: Life, frame: StationFrame): void {
    if (frame.type !== 'open') {
      life.channels.get(frame.channel)?.take(frame);
      return;
    }
    if (life.channels.has(frame.channel))
      throw new Fault('station-frame-malformed', { problem: 'a channel that is open already' });
    const open = readOpen(frame.payload);
    const channel = new Channel({
      send: (type, payload) => life.session.send(type, frame.channel, payload),
      onEnd: () => life.channels.delete(frame.channel),
    });
    if (life.channels.size >= mostChannels) {
      channel.fail(new Fault('station-full', { most: mostChannels }));
      return;
    }
    life.channels.set(frame.channel, channel);
    // Heard from the first byte on; until a place is open, the channel's credit bounds what waits.
    void this.#serve(life, channel, open);
  }

  /** Resolves when the place is free again; every fault is told to the line. */
  async #serve(life: Life, channel: Channel, open: Open): Promise<void> {
    const { ports, onEvent } = this.#options;
    const { place, purpose } = open;
    let free: () => void = () => undefined;
    try {
      const cable = ports.admit(place);
      await this.#makeRoom(cable);
      const over = new Promise<void>((resolve) => {
        free = () => {
          this.#uses.delete(cable);
          resolve();
        };
      });
      this.#uses.set(cable, { life, channel, over });
      if (purpose === 'link') await this.#lendLink(channel, open);
      else await this.#operate(channel, open);
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('internal-error', { detail: String(error) });
      channel.fail(fault);
      onEvent?.({ kind: 'failed', place, fault });
    } finally {
      free();
    }
  }

  /**
   * One user a place. The channel that a line has just closed lets go first; one whose line is away has to
   * give way: the same line, started again, would wait for itself. Throws `station-place-busy`.
   */
  async #makeRoom(cable: string): Promise<void> {
    for (;;) {
      const use = this.#uses.get(cable);
      if (use === undefined) return;
      const isOpen = [...use.life.channels.values()].includes(use.channel);
      const busy = new Fault('station-place-busy', { place: cable });
      if (isOpen && use.life.session.isAttached) throw busy;
      if (isOpen) use.channel.fail(busy);
      await use.over;
    }
  }

  async #lendLink(channel: Channel, { place, purpose }: Open): Promise<void> {
    const { ports, onEvent } = this.#options;
    const port = await ports.openLink(place);
    onEvent?.({ kind: 'opened', place, purpose });
    try {
      await bridge(channel, port);
    } finally {
      await port.close().catch(() => undefined);
      onEvent?.({ kind: 'closed', place, purpose });
    }
  }

  async #operate(channel: Channel, { place, purpose, chip, orderBytes }: Open): Promise<void> {
    const { ports, onEvent } = this.#options;
    const order = await receiveOrder(channel, orderBytes);
    onEvent?.({ kind: 'opened', place, purpose });
    try {
      // It goes to its end even when the line leaves: a chip that is half written helps nobody.
      if (purpose === 'write-agent') await ports.writeAgent(place, chip, readOrder(order));
      else await ports.startAgent(place, chip);
      await channel.close();
    } finally {
      onEvent?.({ kind: 'closed', place, purpose });
    }
  }
}

/** Joins channel and cable until one of them ends. */
function bridge(channel: Channel, port: ByteStream): Promise<void> {
  return new Promise((resolve) => {
    let waitingBytes = 0;
    const pacer = new Pacer((bytes) => {
      port.write(bytes).then(
        () => channel.consumed(bytes.length),
        (cause: unknown) => channel.fail(new Fault('link-closed', {}, { cause })),
      );
    });
    port.listen({
      data: (bytes) => {
        pacer.fromChip(bytes);
        waitingBytes += bytes.length;
        // An agent speaks when it is asked. A device that sends more than this unasked is no agent.
        if (waitingBytes > mostWaitingBytes) {
          channel.fail(new Fault('station-cable-floods', { most: mostWaitingBytes }));
          return;
        }
        channel.write(bytes).then(
          () => {
            waitingBytes -= bytes.length;
          },
          () => undefined,
        );
      },
      closed: (cause) => {
        if (cause === undefined) void channel.close();
        else channel.fail(cause instanceof Fault ? cause : new Fault('link-closed'));
        resolve();
      },
    });
    channel.open();
    channel.listenSlowly({ data: (bytes) => pacer.fromLine(bytes), closed: () => resolve() });
  });
}

const mostWaitingBytes = 1024 * 1024;

/**
 * The order of an operation, which comes as data. Throws `link-closed` where the line left before its end.
 */
function receiveOrder(channel: Channel, orderBytes: number): Promise<Bytes> {
  if (orderBytes === 0) return Promise.resolve(new Uint8Array(0));
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    channel.listen({
      data: (bytes) => {
        parts.push(bytes);
        length += bytes.length;
        if (length > orderBytes)
          throw new Fault('station-frame-malformed', { problem: 'more data than the order has' });
        if (length === orderBytes) resolve(concatBytes(...parts));
      },
      closed: (cause) => reject(cause ?? new Fault('link-closed')),
    });
  });
}
