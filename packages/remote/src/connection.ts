// One connection: frames in both directions, a sign of life when there is nothing else to send, and an end
// when the other side gives none. What frames mean is for whoever listens. spec/remote.md section 2.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';
import { encodeStationFrame, type StationFrame, StationFrameReader, type StationFrameType } from './frame.ts';

/** A sign of life is sent after this time without a frame of one's own. */
const aliveMs = 5000;
/** After this time without a frame the other side counts as gone. */
const silentMs = 20_000;

const lastWordsMs = 1000;
/** Frames that wait for a listener: the other side speaks only when it was answered. */
const mostWaitingFrames = 16;
const flooded = () => new Fault('station-frame-malformed', { problem: 'more frames than it may send' });

export interface ConnectionListener {
  /** A throw ends the connection. */
  frame(frame: StationFrame): void;
  closed(cause: Fault): void;
}

export class Connection {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #reader = new StationFrameReader();
  #listener: ConnectionListener | undefined;
  #waiting: StationFrame[] = [];
  #ended: Fault | undefined;
  #heardMs: number;
  #saidMs: number;
  #cancelTimer: () => void = () => undefined;
  #written: Promise<unknown> = Promise.resolve();

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#heardMs = clock.nowMs();
    this.#saidMs = clock.nowMs();
    this.#watch();
    stream.listen({
      data: (bytes) => this.#take(bytes),
      closed: (cause) => this.#end(cause instanceof Fault ? cause : new Fault('link-closed', {}, { cause })),
    });
  }

  get ended(): Fault | undefined {
    return this.#ended;
  }

  /** Sets the one listener; frames that came before are handed over first, an end too. */
  listen(listener: ConnectionListener): void {
    this.#listener = listener;
    const waiting = this.#waiting.splice(0);
    for (const frame of waiting) this.#hand(frame);
    if (this.#ended !== undefined && this.#listener === listener) listener.closed(this.#ended);
  }

  send(type: StationFrameType, payload: Bytes = new Uint8Array(0), { channel = 0, number = 0 } = {}): void {
    if (this.#ended !== undefined) return;
    this.#saidMs = this.#clock.nowMs();
    this.#written = this.#stream
      .write(encodeStationFrame({ type, channel, number, payload }))
      .catch((cause: unknown) => this.#end(new Fault('link-closed', {}, { cause })));
  }

  /** Ends the connection once the transport took what was sent, or after a while. */
  async finish(): Promise<void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(lastWordsMs, resolve);
    });
    await Promise.race([this.#written, late]);
    cancel();
    this.#end(new Fault('link-closed'));
  }

  /** Ends the connection at once. */
  close(cause: Fault = new Fault('link-closed')): void {
    this.#end(cause);
  }

  #take(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#heardMs = this.#clock.nowMs();
    try {
      this.#reader.push(bytes, (frame) => {
        if (this.#ended !== undefined || frame.type === 'alive') return;
        if (this.#listener !== undefined) this.#listener.frame(frame);
        else if (this.#waiting.push(frame) > mostWaitingFrames) throw flooded();
      });
    } catch (error) {
      this.#end(error instanceof Fault ? error : new Fault('internal-error', { detail: String(error) }));
    }
  }

  #hand(frame: StationFrame): void {
    try {
      if (this.#ended === undefined) this.#listener?.frame(frame);
    } catch (error) {
      this.#end(error instanceof Fault ? error : new Fault('internal-error', { detail: String(error) }));
    }
  }

  #watch(): void {
    this.#cancelTimer = this.#clock.after(aliveMs / 2, () => {
      const nowMs = this.#clock.nowMs();
      if (nowMs - this.#heardMs > silentMs) {
        this.#end(new Fault('station-silent', { seconds: silentMs / 1000 }));
        return;
      }
      if (nowMs - this.#saidMs >= aliveMs) this.send('alive');
      this.#watch();
    });
  }

  #end(cause: Fault): void {
    if (this.#ended !== undefined) return;
    this.#ended = cause;
    this.#cancelTimer();
    this.#stream.close().catch(() => undefined);
    this.#listener?.closed(cause);
  }
}
