// The FIFOs of the OTG core in the memory that they share: the queue of packets received, each with a status
// word, and the words that wait to be sent from endpoint 0.

import { usbRegisters as at, endpointBits, endpointEvent, received } from './usb-core-registers.ts';
import type { UsbValues } from './usb-values.ts';

interface Entry {
  readonly status: number;
  readonly words: number[];
}

export interface UsbFifoParts {
  readonly values: UsbValues;
  /** Words of the memory that the FIFOs share. */
  readonly fifoWords: number;
  readonly mistake: (what: string) => void;
}

const wordsOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) =>
    [0, 1, 2, 3].reduce((word, k) => word + (bytes[4 * i + k] ?? 0) * 2 ** (8 * k), 0),
  );

const least = 16;

export class UsbFifos {
  readonly #parts: UsbFifoParts;
  #queue: Entry[] = [];
  /** Words of the entry popped last that software has not read. */
  #unread: number[] = [];
  #sendFifo: number[] = [];

  constructor(parts: UsbFifoParts) {
    this.#parts = parts;
  }

  reset(): void {
    this.flushReceived();
    this.flushSend();
  }

  flushReceived(): void {
    this.#queue = [];
    this.#unread = [];
  }

  flushSend(): void {
    this.#sendFifo = [];
  }

  get hasReceived(): boolean {
    return this.#queue.length > 0;
  }

  /** Status word of the packet that is popped next; 0 when no packet waits. */
  get nextStatus(): number {
    return this.#queue[0]?.status ?? 0;
  }

  get #sendWords(): number {
    return this.#parts.values.held(at.sendPlace) >>> 16;
  }

  /** Words that software may still write. */
  get sendRoom(): number {
    return Math.max(0, this.#sendWords - this.#sendFifo.length);
  }

  get sendLength(): number {
    return this.#sendFifo.length;
  }

  /** Notes a mistake when the FIFOs, as software laid them out, do not lie in their memory and apart. */
  checkPlaces(): void {
    const { values, fifoWords, mistake } = this.#parts;
    const receive = values.held(at.receiveSize);
    const start = values.held(at.sendPlace) & 0xffff;
    const fits =
      receive >= least &&
      this.#sendWords >= least &&
      start >= receive &&
      start + this.#sendWords <= fifoWords;
    if (!fits) mistake('the FIFOs do not fit their memory');
  }

  /** Whether a packet of so many words finds room beside what waits. */
  fits(words: number): boolean {
    const used = this.#queue.reduce((sum, entry) => sum + 1 + entry.words.length, this.#unread.length);
    return used + words + 1 <= this.#parts.values.held(at.receiveSize);
  }

  /** A packet of the host, or the end of one: `kind` is PKTSTS of its status word. */
  receive(kind: number, bytes: Uint8Array): void {
    this.#queue.push({ status: ((kind << 17) | (bytes.length << 4)) >>> 0, words: wordsOf(bytes) });
  }

  popEntry(): number {
    const { values, mistake } = this.#parts;
    if (this.#unread.length > 0) mistake('a packet was not read to its end');
    const entry = this.#queue.shift();
    if (entry === undefined) {
      mistake('an empty FIFO was popped');
      return 0;
    }
    this.#unread = [...entry.words];
    const kind = (entry.status >>> 17) & 15;
    if (kind === received.dataDone) values.raise(at.outEvents, endpointEvent.done);
    if (kind === received.setupDone) values.raise(at.outEvents, endpointEvent.setup);
    return entry.status;
  }

  popWord(): number {
    const word = this.#unread.shift();
    if (word === undefined) this.#parts.mistake('more words were read than came');
    return word ?? 0;
  }

  pushWord(value: number): void {
    const { values, mistake } = this.#parts;
    if (!values.has(at.inControl, endpointBits.enable))
      mistake('data was written to an endpoint that is not armed');
    if (this.#sendFifo.length >= this.#sendWords) mistake('a FIFO that is full was written');
    else this.#sendFifo.push(value >>> 0);
  }

  /** Takes so many words out of what waits to be sent, as bytes. */
  takeSent(words: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(4 * words);
    const view = new DataView(bytes.buffer);
    for (const [i, word] of this.#sendFifo.splice(0, words).entries()) view.setUint32(4 * i, word, true);
    return bytes;
  }
}
