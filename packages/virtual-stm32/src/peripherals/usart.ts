// A USART that is polled, or whose bytes a DMA controller takes (dma-streams.ts), in both register layouts:
// F4 (RM0090 30.6) and the later one of H7, G0, L4, U5 (RM0433 48.7). 8 data bits as the link has them;
// interrupts, parity checks and modem lines are not modelled.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';
import type { SerialLine } from './serial-line.ts';

interface Layout {
  readonly status: number;
  readonly receive: number;
  readonly send: number;
  readonly baud: number;
  readonly control: number;
  readonly control3: number;
  /** Enable, transmitter and receiver in the control register. */
  readonly enable: number;
  readonly transmit: number;
  readonly listen: number;
}

export const usartLayouts = {
  /** SR, DR, BRR, CR1, CR3. */
  f4: {
    ...{ status: 0x00, receive: 0x04, send: 0x04, baud: 0x08, control: 0x0c, control3: 0x14 },
    enable: 1 << 13,
    transmit: 8,
    listen: 4,
  },
  /** ISR, RDR, TDR, BRR, CR1, CR3. */
  later: {
    ...{ status: 0x1c, receive: 0x24, send: 0x28, baud: 0x0c, control: 0x00, control3: 0x08 },
    enable: 1,
    transmit: 8,
    listen: 4,
  },
} as const satisfies Record<string, Layout>;

/** The same bits in SR and ISR. */
const framingError = 1 << 1;
const received = 1 << 5;
const sent = 1 << 6;
const room = 1 << 7;
/** DMAR of CR3: received bytes are taken by DMA. */
const dmaReceives = 1 << 6;
/** ISR only: transmitter and receiver are on. */
const acknowledged = { transmit: 1 << 21, listen: 1 << 22 };
const bitsPerByte = 10;
/** Rates that differ by more are not understood: half a bit at the end of a byte. */
const rateTolerance = 0.05;

export interface UsartParts {
  readonly name: string;
  readonly addressStart: number;
  readonly layout: Layout;
  readonly line: SerialLine;
  readonly clockHz: () => number;
  /** Bits a second of the host; undefined: every byte arrives. */
  readonly hostBaud: () => number | undefined;
}

export class Usart extends RegisterBlock {
  readonly extendsNarrowWrites = true;
  readonly #parts: UsartParts;
  /** A framing error of a byte that DMA took; it stands until software has read status and data. */
  #framing = false;

  constructor(parts: UsartParts) {
    super({ name: parts.name, addressStart: parts.addressStart, sizeBytes: 0x400 });
    this.#parts = parts;
  }

  /** Whether bytes from outside are taken in. */
  get listening(): boolean {
    const { control, enable, listen } = this.#parts.layout;
    return (this.held(control) & enable) !== 0 && (this.held(control) & listen) !== 0;
  }

  get #transmitting(): boolean {
    const { control, enable, transmit } = this.#parts.layout;
    return (this.held(control) & enable) !== 0 && (this.held(control) & transmit) !== 0;
  }

  get #byteUs(): number {
    return (bitsPerByte * this.held(this.#parts.layout.baud) * 1e6) / this.#parts.clockHz();
  }

  /** The host's rate is another one: bytes come with framing errors, and as garbage. */
  get #misread(): boolean {
    const hostBaud = this.#parts.hostBaud();
    if (hostBaud === undefined) return false;
    const baud = (bitsPerByte * 1e6) / this.#byteUs;
    return Math.abs(hostBaud / baud - 1) > rateTolerance;
  }

  /** Whether a DMA controller takes the received bytes. */
  get asksForDma(): boolean {
    return this.listening && (this.held(this.#parts.layout.control3) & dmaReceives) !== 0;
  }

  get dataAddress(): number {
    return this.addressStart + this.#parts.layout.receive;
  }

  /** For the DMA controller: the next byte that is there by now. */
  takeArrived(): number | undefined {
    const byte = this.#parts.line.takeArrived(this.#byteUs);
    if (byte === undefined || !this.#misread) return byte;
    this.#framing = true;
    return byte ^ 0xff;
  }

  /** When the byte that is under way will be there; undefined when none is. */
  get nextArrivalUs(): number | undefined {
    return this.#parts.line.nextArrivalUs(this.#byteUs);
  }

  /** What software sees of reception: a byte that waits, or the error of one that DMA took. */
  #reception(): number {
    if (this.asksForDma) return this.#framing ? framingError : 0;
    const flags = this.#misread ? received | framingError : received;
    return this.listening && this.#parts.line.poll(this.#byteUs) ? flags : 0;
  }

  override readRegister(offset: number): number {
    const { layout, line } = this.#parts;
    if (offset === layout.status) {
      const arrived = this.#reception();
      const on =
        layout.status === 0
          ? 0
          : (this.#transmitting ? acknowledged.transmit : 0) | (this.listening ? acknowledged.listen : 0);
      return sent | room | arrived | on;
    }
    if (offset === layout.receive && this.asksForDma) {
      this.#framing = false;
      return 0;
    }
    if (offset === layout.receive) return this.listening ? line.take() ^ (this.#misread ? 0xff : 0) : 0;
    return super.readRegister(offset);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { layout, line } = this.#parts;
    if (offset !== layout.send) super.writeRegister(offset, value, by);
    else if (this.#transmitting) line.send(value & 0xff, this.#byteUs);
  }

  override reset(): void {
    super.reset();
    this.#framing = false;
  }
}
