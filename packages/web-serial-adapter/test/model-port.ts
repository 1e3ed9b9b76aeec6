// A browser's serial port for tests, joined to a byte stream: readable and writable are made again by each
// open(), a damaged byte ends the readable with a FramingError and begins another, and an unplugged adapter
// ends it with a NetworkError and begins none (Web Serial API, section 4.4).

import { type ByteStream, createStreamPair } from '@firmseal/link';
import type { WebSerialPort } from '../src/index.ts';

const error = (name: string): Error => new DOMException('of the model', name);

export class ModelPort implements WebSerialPort {
  readonly far: ByteStream;
  readonly #near: ByteStream;
  /** What open() was called with. */
  readonly opened: unknown[] = [];
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isPlugged = true;

  constructor() {
    [this.#near, this.far] = createStreamPair();
  }

  async open(options: { baudRate: number }): Promise<void> {
    if (!this.#isPlugged) throw error('NetworkError');
    if (this.readable !== null) throw error('InvalidStateError');
    this.opened.push(options);
    this.#beginReading();
    this.writable = new WritableStream({ write: (bytes) => this.#near.write(bytes) });
    this.#near.listen({
      data: (bytes) => this.#controller?.enqueue(bytes),
      closed: () => this.unplug(),
    });
  }

  #beginReading(): void {
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = undefined;
        this.readable = null;
      },
    });
  }

  async close(): Promise<void> {
    this.readable = null;
    this.writable = null;
    await this.#near.close();
  }

  damage(): void {
    const controller = this.#controller;
    this.#beginReading();
    controller?.error(error('FramingError'));
  }

  unplug(): void {
    this.#isPlugged = false;
    const controller = this.#controller;
    this.#controller = undefined;
    this.readable = null;
    this.writable = null;
    controller?.error(error('NetworkError'));
  }
}
