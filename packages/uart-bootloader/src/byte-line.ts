// Bytes of a serial line on demand: so many of them within so much time. What nobody asked for is counted
// and dropped, and never takes more memory than a limit. Knows nothing of the bootloader's protocol.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';

/** The longest answer of a bootloader is 257 bytes; a line that sends more than this unasked is not one. */
const mostWaitingBytes = 4096;
/** Time for one byte at 1200 baud, the slowest rate that the bootloader detects, with some to spare. */
const slowestByteMs = 10;
const readTurnMs = 1;

export class ByteLine {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  #waiting: Bytes = new Uint8Array(0);
  #arrived: (() => void) | undefined;
  #closed: Fault | undefined;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    stream.listen({
      data: (bytes) => {
        // The oldest bytes answer the oldest request, so it is what comes last that is dropped.
        const room = mostWaitingBytes - this.#waiting.length;
        this.#waiting = concatBytes(this.#waiting, bytes.subarray(0, room));
        this.#arrived?.();
      },
      closed: (cause) => {
        this.#closed = new Fault('link-closed', {}, { cause });
        this.#arrived?.();
      },
    });
  }

  /** Bytes that arrived and that nobody took. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /** Drops what waits, and says how many bytes that were. */
  drop(): number {
    const dropped = this.#waiting.length;
    this.#waiting = new Uint8Array(0);
    return dropped;
  }

  /** False when the transport did not take the bytes in time. Throws `link-closed`. */
  async write(bytes: Uint8Array, timeoutMs: number): Promise<boolean> {
    if (this.#closed !== undefined) throw this.#closed;
    let cancel = () => {};
    const late = new Promise<false>((resolve) => {
      cancel = this.#clock.after(timeoutMs + slowestByteMs * bytes.length, () => resolve(false));
    });
    try {
      return await Promise.race([this.#stream.write(bytes).then(() => true), late]);
    } finally {
      cancel();
    }
  }

  /**
   * Exactly `count` bytes (at most 4096), or undefined when they are not there in time: `timeoutMs`, and
   * what so many bytes need at the slowest rate. What came of them then still waits. Throws
   * `link-closed`. One call at a time.
   */
  async take(count: number, timeoutMs: number): Promise<Bytes | undefined> {
    let late = false;
    const end = () => {
      late = true;
      this.#arrived?.();
    };
    // A program that was busy meanwhile meets its timers before the bytes that came in
    // time: these get a turn.
    let cancel = this.#clock.after(timeoutMs + slowestByteMs * count, () => {
      cancel = this.#clock.after(readTurnMs, end);
    });
    try {
      while (this.#waiting.length < count) {
        if (this.#closed !== undefined) throw this.#closed;
        if (late) return undefined;
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
      }
    } finally {
      this.#arrived = undefined;
      cancel();
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }

  /** Waits that long whatever comes. */
  async rest(timeMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#clock.after(timeMs, resolve);
    });
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}
