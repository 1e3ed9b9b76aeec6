// The receiving side of a byte stream for protocols written as straight-line code: `next` waits for one byte,
// and fails when the chip is reset or the line is closed.

/** Thrown out of a waiting protocol when its chip was reset, lost power or left for a program. */
export class LineEnded extends Error {
  constructor() {
    super('the line ended');
    this.name = 'LineEnded';
  }
}

const maxQueuedBytes = 65536;

export class ByteQueue {
  #bytes: number[] = [];
  #position = 0;
  #waiting: { resolve: (byte: number) => void; reject: (reason: LineEnded) => void } | undefined;
  #ended = false;

  /** Bytes beyond 64 KiB that nobody reads are dropped, as an overrun UART drops them. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#waiting !== undefined) {
        const { resolve } = this.#waiting;
        this.#waiting = undefined;
        resolve(byte);
      } else if (this.#bytes.length - this.#position < maxQueuedBytes) this.#bytes.push(byte);
    }
  }

  next(): Promise<number> {
    if (this.#position < this.#bytes.length) {
      const byte = this.#bytes[this.#position++]!;
      if (this.#position === this.#bytes.length) {
        this.#bytes = [];
        this.#position = 0;
      }
      return Promise.resolve(byte);
    }
    if (this.#ended) return Promise.reject(new LineEnded());
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async take(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = await this.next();
    return bytes;
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.reject(new LineEnded());
    this.#waiting = undefined;
  }
}
