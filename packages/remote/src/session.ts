// A session outlives its connections: each of its frames has a number by its order, is kept until the other
// side says that it has it, and is sent again after a reconnect. Nothing is lost, doubled or out of order
// across a break. spec/remote.md section 4. Channels are channel.ts; connecting again is the caller's.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Connection } from './connection.ts';
import { isSessionType, type SessionFrameType, type StationFrame } from './frame.ts';
import { readReceived, receivedPayload } from './messages.ts';

/** How long a session waits for its next connection. */
export const graceMs = 60_000;
/** What has been received is said after so many bytes or frames. */
const acknowledgedBytes = 65_536;
const acknowledgedFrames = 16;
/** Kept frames beyond this mean that the other side takes frames and never says so. */
const mostKeptBytes = 64 * 1024 * 1024;

interface KeptFrame {
  readonly type: SessionFrameType;
  readonly channel: number;
  readonly payload: Bytes;
}

export interface SessionEvents {
  /** A frame of the session, each once and in order. A throw ends the connection. */
  frame(frame: StationFrame): void;
  /** The connection is gone. */
  detached(cause: Fault): void;
}

const malformed = (problem: string): Fault => new Fault('station-frame-malformed', { problem });

export class Session {
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  #kept: KeptFrame[] = [];
  #keptBytes = 0;
  /** Frames that the other side has said to have. */
  #acknowledged = 0;
  #received = 0;
  #unsaidFrames = 0;
  #unsaidBytes = 0;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  /** Frames received so far, for the next connection. */
  get received(): number {
    return this.#received;
  }

  get isAttached(): boolean {
    return this.#connection !== undefined;
  }

  send(type: SessionFrameType, channel: number, payload: Bytes = new Uint8Array(0)): void {
    this.#kept.push({ type, channel, payload });
    this.#keptBytes += payload.length;
    if (this.#keptBytes > mostKeptBytes) {
      this.detach(malformed('it never says what it received'));
      return;
    }
    this.#connection?.send(type, payload, { channel, number: this.#numberOf(this.#kept.length - 1) });
  }

  /**
   * Goes on over a connection whose other side has received so many frames. Throws `station-frame-malformed`
   * for a count that cannot be.
   */
  attach(connection: Connection, receivedByPeer: number): void {
    this.#forget(receivedByPeer);
    const before = this.#connection;
    this.#connection = connection;
    before?.close();
    this.#unsaidFrames = 0;
    this.#unsaidBytes = 0;
    this.#kept.forEach(({ type, channel, payload }, at) => {
      connection.send(type, payload, { channel, number: this.#numberOf(at) });
    });
    connection.listen({
      frame: (frame) => this.#take(frame),
      closed: (cause) => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        this.#events.detached(cause);
      },
    });
  }

  /** Of a frame that is kept, by its place there. */
  #numberOf(at: number): number {
    return (this.#acknowledged + at) % 2 ** 32;
  }

  /** Ends the connection, not the session. */
  detach(cause: Fault): void {
    this.#connection?.close(cause);
  }

  /** Ends the connection once what was sent has left. */
  async finish(): Promise<void> {
    await this.#connection?.finish();
  }

  #take(frame: StationFrame): void {
    if (frame.type === 'received') {
      this.#forget(readReceived(frame.payload));
      return;
    }
    if (!isSessionType(frame.type)) throw malformed(`${frame.type} within a session`);
    // Nothing is lost on a connection: a gap is somebody's deed. The next one begins where this was right.
    if (frame.number !== this.#received % 2 ** 32) throw malformed('a frame that is not the next one');
    this.#received++;
    this.#unsaidFrames++;
    this.#unsaidBytes += frame.payload.length;
    if (this.#unsaidFrames >= acknowledgedFrames || this.#unsaidBytes >= acknowledgedBytes) {
      this.#unsaidFrames = 0;
      this.#unsaidBytes = 0;
      this.#connection?.send('received', receivedPayload(this.#received));
    }
    this.#events.frame(frame);
  }

  #forget(receivedByPeer: number): void {
    // The peer's number: it can neither take back what it said nor have what was not sent.
    const count = receivedByPeer - this.#acknowledged;
    if (count < 0 || count > this.#kept.length) throw malformed('it counts frames that were not sent');
    for (const { payload } of this.#kept.splice(0, count)) this.#keptBytes -= payload.length;
    this.#acknowledged = receivedByPeer;
  }
}
