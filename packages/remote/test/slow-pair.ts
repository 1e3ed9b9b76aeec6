// Two byte streams joined by a long way, on a clock of the test: delay, a rate, lost packets. Under TCP a
// loss is no hole: the packet comes again after a time-out, and everything behind it waits for it.

import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener, Clock } from '@firmseal/link';

export interface Way {
  readonly clock: Clock;
  /** One way; a round trip takes twice as long. */
  readonly delayMs: number;
  readonly bytesPerSecond?: number;
  /** Share of packets that are lost, 0 to 1, and the random numbers that choose them. */
  readonly loss?: number;
  readonly random?: () => number;
  /** Told of every lost packet. */
  readonly onLoss?: () => void;
  /** Sees and may change what crosses; `end`: who sent it. An empty result drops it. */
  readonly meddle?: (bytes: Uint8Array, end: 0 | 1) => Uint8Array;
}

const packetBytes = 1460;
/**
 * Least time-out of a repeated packet, beside the round trip (RFC 6298 asks for 1 s, systems take 200 ms).
 */
const repeatMs = 200;

class SlowStream implements ByteStream {
  other!: SlowStream;
  readonly #way: Way;
  readonly #end: 0 | 1;
  #listener: ByteStreamListener | undefined;
  readonly #waiting: Uint8Array[] = [];
  #freeAtMs = 0;
  #over = false;

  constructor(way: Way, end: 0 | 1) {
    this.#way = way;
    this.#end = end;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#over) return Promise.reject(new Fault('link-closed'));
    const { clock, meddle = (same) => same } = this.#way;
    const sent = meddle(bytes.slice(), this.#end);
    for (let at = 0; at < sent.length; at += packetBytes) {
      const packet = sent.slice(at, at + packetBytes);
      const atMs = this.#arrivalMs(packet.length);
      clock.after(Math.max(0, atMs - clock.nowMs()), () => this.other.#take(packet));
    }
    return Promise.resolve();
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#over) listener.closed();
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#finish();
    const atMs = this.#arrivalMs(0);
    this.#way.clock.after(Math.max(0, atMs - this.#way.clock.nowMs()), () => this.other.#finish());
  }

  /** The way itself breaks: both ends notice at once, what was under way is gone. */
  cut(): void {
    this.#finish();
    this.other.#finish();
  }

  /** Nothing arrives before what was sent earlier. */
  #arrivalMs(length: number): number {
    const { clock, delayMs, bytesPerSecond, loss = 0, random = () => 1, onLoss } = this.#way;
    const sendMs = bytesPerSecond === undefined ? 0 : (1000 * length) / bytesPerSecond;
    let late = 0;
    for (let wait = 2 * delayMs + repeatMs; length > 0 && random() < loss; wait *= 2) {
      late += wait;
      onLoss?.();
    }
    this.#freeAtMs = Math.max(this.#freeAtMs, clock.nowMs() + delayMs) + sendMs + late;
    return this.#freeAtMs;
  }

  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#listener === undefined) this.#waiting.push(bytes);
    else this.#listener.data(bytes);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener?.closed();
  }
}

export interface SlowPair {
  readonly ends: readonly [ByteStream, ByteStream];
  cut(): void;
}

export function createSlowPair(way: Way): SlowPair {
  const [near, far] = [new SlowStream(way, 0), new SlowStream(way, 1)];
  near.other = far;
  far.other = near;
  return { ends: [near, far], cut: () => near.cut() };
}
