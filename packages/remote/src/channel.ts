// One channel of a session: a byte stream with credit, so that a slow cable stops its own sender and nobody
// else. spec/remote.md section 5.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener } from '@firmseal/link';
import { mostDataBytes, type SessionFrameType, type StationFrame } from './frame.ts';
import { creditPayload, faultPayload, readCredit, readFault } from './messages.ts';

/**
 * Bytes that may be under way in each direction of a channel: what 921,600 baud carry in 2.8 s, so that a
 * round trip of 300 ms with a repeated packet in it stops nothing.
 */
const channelWindowBytes = 262_144;
/** Credit is given back in steps of this. */
const creditStepBytes = channelWindowBytes / 8;

interface Waiting {
  bytes: Uint8Array;
  readonly done: () => void;
  readonly fail: (cause: unknown) => void;
}

export interface ChannelOptions {
  readonly send: (type: SessionFrameType, payload?: Bytes) => void;
  /** The channel is over for both sides. */
  readonly onEnd: () => void;
}

export class Channel implements ByteStream {
  /** Records that may be sent ahead: the station holds back what the agent has no room for. */
  readonly recordsAhead = 32;
  readonly #send: ChannelOptions['send'];
  readonly #onEnd: () => void;
  readonly #outgoing: Waiting[] = [];
  #credit = channelWindowBytes;
  /** What the other side may still send. */
  #granted = channelWindowBytes;
  #unsaidCredit = 0;
  #listener: ByteStreamListener | undefined;
  #keepsCredit = false;
  #early: Bytes = new Uint8Array(0);
  #over = false;
  #cause: Fault | undefined;
  #opened: () => void = () => undefined;
  #refused: (fault: Fault) => void = () => undefined;
  /** Settles when the other side has opened its end, or says why not. */
  readonly ready: Promise<void>;

  constructor({ send, onEnd }: ChannelOptions) {
    this.#send = send;
    this.#onEnd = onEnd;
    this.ready = new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#refused = reject;
    });
    this.ready.catch(() => undefined);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#over) return Promise.reject(this.#cause ?? new Fault('link-closed'));
    return new Promise((done, fail) => {
      this.#outgoing.push({ bytes, done, fail });
      this.#pump();
    });
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    this.#handOver();
  }

  /** Tells the other side that this one is open. */
  open(): void {
    if (!this.#over) this.#send('opened');
  }

  /** As `listen`, but the other side gets credit only for bytes that `consumed` was told of. */
  listenSlowly(listener: ByteStreamListener): void {
    this.#keepsCredit = true;
    this.listen(listener);
  }

  consumed(count: number): void {
    this.#unsaidCredit += count;
    if (this.#over || this.#unsaidCredit < creditStepBytes) return;
    this.#granted += this.#unsaidCredit;
    this.#send('credit', creditPayload(this.#unsaidCredit));
    this.#unsaidCredit = 0;
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#send('close');
    this.#finish(undefined);
  }

  /** Ends the channel and tells the other side why. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#send('fault', faultPayload(error));
    this.#finish(undefined);
  }

  /** Ends it on this side alone: the session is gone. */
  end(fault: Fault): void {
    this.#finish(fault);
  }

  /** A frame of this channel. Throws `station-frame-malformed`. */
  take({ type, payload }: StationFrame): void {
    if (type === 'opened') this.#opened();
    else if (type === 'data') this.#takeData(payload);
    else if (type === 'credit') this.#takeCredit(readCredit(payload));
    else if (type === 'close') this.#finish(undefined);
    else if (type === 'fault') this.#finish(readFault(payload));
  }

  #takeData(bytes: Bytes): void {
    if (this.#over) return;
    // Credit is what bounds the memory of this side, so nobody may overdraw it.
    this.#granted -= bytes.length;
    if (this.#granted < 0)
      throw new Fault('station-frame-malformed', { problem: 'more data than its credit' });
    this.#early = concatBytes(this.#early, bytes);
    this.#handOver();
  }

  #takeCredit(count: number): void {
    if (this.#credit + count > channelWindowBytes)
      throw new Fault('station-frame-malformed', { problem: 'more credit than there is' });
    this.#credit += count;
    this.#pump();
  }

  #handOver(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    const bytes = this.#early;
    this.#early = new Uint8Array(0);
    if (bytes.length > 0) {
      if (!this.#keepsCredit) this.consumed(bytes.length);
      listener.data(bytes);
    }
    if (!this.#over || this.#listener !== listener) return;
    this.#listener = undefined;
    listener.closed(this.#cause);
  }

  #pump(): void {
    for (;;) {
      const next = this.#outgoing[0];
      if (next === undefined || this.#over) return;
      const size = Math.min(next.bytes.length, this.#credit, mostDataBytes);
      if (size === 0 && next.bytes.length > 0) return;
      if (size > 0) this.#send('data', next.bytes.slice(0, size));
      this.#credit -= size;
      next.bytes = next.bytes.subarray(size);
      if (next.bytes.length > 0) continue;
      this.#outgoing.shift();
      next.done();
    }
  }

  #finish(cause: Fault | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cause = cause;
    this.#refused(cause ?? new Fault('link-closed'));
    for (const { fail } of this.#outgoing.splice(0)) fail(cause ?? new Fault('link-closed'));
    this.#onEnd();
    this.#handOver();
  }
}
