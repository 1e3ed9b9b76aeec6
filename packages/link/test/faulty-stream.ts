// A line that misbehaves: sits on a byte stream and asks a plan what to do with each chunk in either
// direction. Order is kept, as on a wire: a delayed chunk holds up what follows it.

import type { ByteStream, ByteStreamListener, Clock } from '../src/index.ts';

export type Direction = 'to-agent' | 'to-host';

export interface ChunkFate {
  /** How often it arrives: 0 lost, 2 doubled; default 1. */
  readonly copies?: number;
  readonly delayMs?: number;
  /** Offset of a byte of which one bit turns over. */
  readonly corruptAt?: number;
  /** Bytes that arrive before it. */
  readonly noise?: Uint8Array;
}

export type FaultPlan = (direction: Direction, chunk: Uint8Array) => ChunkFate;

export class FaultyStream implements ByteStream {
  readonly #inner: ByteStream;
  readonly #plan: FaultPlan;
  readonly #clock: Clock;
  readonly #freeAtMs: Record<Direction, number> = { 'to-agent': 0, 'to-host': 0 };

  constructor(inner: ByteStream, clock: Clock, plan: FaultPlan) {
    this.#inner = inner;
    this.#clock = clock;
    this.#plan = plan;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#carry('to-agent', bytes, (arriving) => {
      this.#inner.write(arriving).catch(() => undefined);
    });
    return Promise.resolve();
  }

  listen(listener: ByteStreamListener): void {
    this.#inner.listen({
      data: (bytes) => this.#carry('to-host', bytes, (arriving) => listener.data(arriving)),
      closed: (cause) => listener.closed(cause),
    });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #carry(direction: Direction, bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const { copies = 1, delayMs = 0, corruptAt, noise } = this.#plan(direction, bytes);
    const arriving = bytes.slice();
    if (corruptAt !== undefined) arriving[corruptAt % arriving.length]! ^= 1 << (corruptAt % 8);
    const parts = [...(noise === undefined ? [] : [noise]), ...Array<Uint8Array>(copies).fill(arriving)];
    const now = this.#clock.nowMs();
    const atMs = Math.max(this.#freeAtMs[direction], now + delayMs);
    this.#freeAtMs[direction] = atMs;
    const deliverAll = () => {
      for (const part of parts) deliver(part.slice());
    };
    if (atMs === now) deliverAll();
    else this.#clock.after(atMs - now, deliverAll);
  }
}
