// Two byte streams joined in process: what one writes the other reads, later and in order. For tests, and for
// a chip of software in the same process.

import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener } from './byte-stream.ts';

class PairedStream implements ByteStream {
  other!: PairedStream;
  #listener: ByteStreamListener | undefined;
  readonly #waiting: Uint8Array[] = [];
  #ended = false;

  write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(new Fault('link-closed'));
    const copy = bytes.slice();
    queueMicrotask(() => this.other.#take(copy));
    return Promise.resolve();
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#ended) listener.closed();
  }

  close(): Promise<void> {
    if (!this.#ended) {
      this.#end();
      queueMicrotask(() => this.other.#end());
    }
    return Promise.resolve();
  }

  #take(bytes: Uint8Array): void {
    if (this.#ended) return;
    if (this.#listener === undefined) this.#waiting.push(bytes);
    else this.#listener.data(bytes);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener?.closed();
  }
}

/** Both ends of one connection. */
export function createStreamPair(): readonly [ByteStream, ByteStream] {
  const pair = [new PairedStream(), new PairedStream()] as const;
  pair[0].other = pair[1];
  pair[1].other = pair[0];
  return pair;
}
