// The DMA controllers of the F4 parts as far as a USART needs them to receive: RM0090 10.3 (streams,
// requests, circular and double-buffer mode), 10.5 (registers). Bytes go from a data register to RAM while
// the core does something else, or stands still for the flash. Transfers happen when the registers are looked
// at and between slices of instructions. Everything else of a stream (other directions, widths, FIFO, bursts,
// interrupts) is not modelled; a stream that is set up so, or for a request that has no model, moves nothing.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';
import type { Usart } from './usart.ts';

const streamCount = 8;
const firstStream = 0x10;
const streamBytes = 0x18;
const offsets = { control: 0x00, count: 0x04, peripheral: 0x08, memory0: 0x0c, memory1: 0x10 } as const;
const control = { enable: 1, circular: 1 << 8, increments: 1 << 10, double: 1 << 18, target: 1 << 19 };
/** DIR, PINC, PSIZE, MSIZE: peripheral to memory, one address, bytes, where they are 0. */
const otherWays = (3 << 6) | (1 << 9) | (15 << 11);
/** Written only while the stream is off (RM0090 10.5.5): the channel, and how it transfers. */
const keptWhileOn = ~(control.enable | 0x1e) >>> 0;
const errors = { transfer: 1 << 3, complete: 1 << 5 };
/** Where the flags of four streams begin in LISR and HISR. */
const flagShifts = [0, 6, 16, 22] as const;

export interface DmaPlace {
  readonly name: string;
  readonly addressStart: number;
  /** Stream and channel on which a USART asks for its received bytes to be moved. */
  readonly requests: readonly { readonly usart: string; readonly stream: number; readonly channel: number }[];
}

export interface DmaParts {
  readonly usarts: ReadonlyMap<string, Usart>;
  readonly isClocked: () => boolean;
  /** Software looks how far reception came, and finds what it found before. */
  readonly foundNothing: () => void;
  readonly waitUntilUs: (timeUs: number) => void;
}

interface Stream {
  /** What NDTR is loaded with again in circular mode. */
  reload: number;
  /** As software saw NDTR last. */
  seen: number;
  by: MemoryAccess | undefined;
}

const fresh = (): Stream => ({ reload: 0, seen: -1, by: undefined });

export class DmaStreams extends RegisterBlock {
  readonly #place: DmaPlace;
  readonly #parts: DmaParts;
  #streams: Stream[] = Array.from({ length: streamCount }, fresh);

  constructor(place: DmaPlace, parts: DmaParts) {
    const resetValues = Object.fromEntries(
      Array.from({ length: streamCount }, (_, i) => [firstStream + i * streamBytes + 0x14, 0x21]),
    );
    super({ name: place.name, addressStart: place.addressStart, sizeBytes: 0x400, resetValues });
    this.#place = place;
    this.#parts = parts;
  }

  #at(stream: number, offset: number): number {
    return firstStream + stream * streamBytes + offset;
  }

  /** The USART whose received bytes the stream moves now. */
  #source(stream: number): Usart | undefined {
    const word = this.held(this.#at(stream, offsets.control));
    if (!(word & control.enable) || word & otherWays || !this.#parts.isClocked()) return undefined;
    const channel = (word >>> 25) & 7;
    const request = this.#place.requests.find((one) => one.stream === stream && one.channel === channel);
    const usart = request && this.#parts.usarts.get(request.usart);
    if (usart === undefined || !usart.asksForDma) return undefined;
    return this.held(this.#at(stream, offsets.peripheral)) === usart.dataAddress ? usart : undefined;
  }

  /** Moves what came by now. */
  transfer(): void {
    for (let stream = 0; stream < streamCount; stream++) {
      if ((this.held(this.#at(stream, offsets.control)) & control.enable) === 0) continue;
      let source = this.#source(stream);
      for (let byte = source?.takeArrived(); byte !== undefined; byte = source?.takeArrived()) {
        this.#store(stream, byte);
        source = this.#source(stream);
      }
    }
  }

  #flag(stream: number, flag: number): void {
    const register = stream < 4 ? 0x00 : 0x04;
    this.hold(register, this.held(register) | (flag << flagShifts[stream & 3]!));
  }

  #store(stream: number, byte: number): void {
    const state = this.#streams[stream]!;
    const word = this.held(this.#at(stream, offsets.control));
    const left = this.held(this.#at(stream, offsets.count));
    const second = word & control.double && word & control.target;
    const start = this.held(this.#at(stream, second ? offsets.memory1 : offsets.memory0));
    const address = start + (word & control.increments ? state.reload - left : 0);
    if (state.by?.writeRam(address, Uint8Array.of(byte)) !== 'ok') {
      this.#flag(stream, errors.transfer);
      this.hold(this.#at(stream, offsets.control), word & ~control.enable);
      return;
    }
    this.hold(this.#at(stream, offsets.count), left - 1);
    if (left > 1) return;
    this.#flag(stream, errors.complete);
    const again = (word & (control.circular | control.double)) !== 0;
    this.hold(this.#at(stream, offsets.count), again ? state.reload : 0);
    const next = word & control.double ? word ^ control.target : word;
    this.hold(this.#at(stream, offsets.control), again ? next : next & ~control.enable);
  }

  /** As a loop of software finds it: with a byte under way, time passes until it is there. */
  #lookAtCount(stream: number): void {
    const state = this.#streams[stream]!;
    const count = () => this.held(this.#at(stream, offsets.count));
    this.transfer();
    const source = this.#source(stream);
    if (source !== undefined && count() === state.seen) {
      const due = source.nextArrivalUs;
      if (due === undefined) this.#parts.foundNothing();
      else {
        this.#parts.waitUntilUs(due);
        this.transfer();
      }
    }
    state.seen = count();
  }

  override readRegister(offset: number): number {
    const stream = Math.floor((offset - firstStream) / streamBytes);
    if (stream >= 0 && stream < streamCount && offset === this.#at(stream, offsets.count))
      this.#lookAtCount(stream);
    else this.transfer();
    return super.readRegister(offset);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    this.transfer();
    const stream = Math.floor((offset - firstStream) / streamBytes);
    if (offset === 0x08 || offset === 0x0c) this.hold(offset - 8, this.held(offset - 8) & ~value);
    else if (stream >= 0 && stream < streamCount) this.#writeStream(stream, offset, value, by);
  }

  #writeStream(stream: number, offset: number, value: number, by: MemoryAccess): void {
    const place = this.#at(stream, offsets.control);
    const before = this.held(place);
    const on = (before & control.enable) !== 0;
    if (offset !== place) {
      if (!on) this.hold(offset, offset === this.#at(stream, offsets.count) ? value & 0xffff : value);
      return;
    }
    this.hold(place, on ? (value & ~keptWhileOn) | (before & keptWhileOn) : value);
    const reload = this.held(this.#at(stream, offsets.count));
    if (!on && value & control.enable) this.#streams[stream] = { reload, seen: -1, by };
    // Without a count nothing is transferred, and the stream does not go on (RM0090 10.3.17).
    if (this.held(place) & control.enable && reload === 0)
      this.hold(place, this.held(place) & ~control.enable);
  }

  /** Gives what puts the controller back as it is now. */
  keep(): () => void {
    const offsetsOf = (stream: number) => Object.values(offsets).map((offset) => this.#at(stream, offset));
    const all = [0, 4, ...this.#streams.flatMap((_, stream) => offsetsOf(stream))];
    const values = all.map((offset) => [offset, this.held(offset)] as const);
    const streams = this.#streams.map((one) => ({ ...one }));
    return () => {
      for (const [offset, value] of values) this.hold(offset, value);
      this.#streams = streams.map((one) => ({ ...one }));
    };
  }

  override reset(): void {
    super.reset();
    this.#streams = Array.from({ length: streamCount }, fresh);
  }
}
