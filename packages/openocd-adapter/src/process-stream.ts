// Standard input and output of a process as a byte stream: how OpenOCD's `tcl_port pipe` is spoken to.
// It needs no TCP port, and OpenOCD ends by itself when its standard input does, so none is left
// behind by a program that was killed.

import type { Readable, Writable } from 'node:stream';
import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener } from '@firmseal/link';

export class ProcessStream implements ByteStream {
  readonly #input: Writable;
  #listener: ByteStreamListener | undefined;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #cause: unknown;

  /** `input` is what the process reads, `output` what it writes. */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    output.on('data', (bytes: Buffer) => {
      if (this.#listener === undefined) this.#waiting.push(new Uint8Array(bytes));
      else this.#listener.data(new Uint8Array(bytes));
    });
    for (const side of [input, output])
      side.on('error', (error) => {
        this.#cause ??= error;
      });
    output.on('close', () => this.#end());
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(new Fault('link-closed', {}, { cause: this.#cause }));
    return new Promise((resolve, reject) => {
      this.#input.write(bytes, (error) =>
        error ? reject(new Fault('link-closed', {}, { cause: error })) : resolve(),
      );
    });
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#ended) listener.closed(this.#cause);
  }

  async close(): Promise<void> {
    this.#input.end();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener?.closed(this.#cause);
  }
}
