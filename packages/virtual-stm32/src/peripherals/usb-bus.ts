// The side of the OTG core that the bus reaches: resets, suspension, and the transactions of a host with
// endpoint 0. Hardware's answers to each, RM0090 34.16 and 34.17.

import {
  addressBits,
  usbRegisters as at,
  endpointBits,
  endpointEvent,
  event,
  packetBytes,
  received,
} from './usb-core-registers.ts';
import type { UsbFifos } from './usb-fifos.ts';
import type { UsbValues } from './usb-values.ts';

/** What a transaction of the host meets. */
export type Handshake = 'ack' | 'nak' | 'stall' | 'silence';

export interface UsbBusParts {
  readonly values: UsbValues;
  readonly fifos: UsbFifos;
  readonly mistake: (what: string) => void;
  /** Whether the host sees a device. */
  readonly isAttached: () => boolean;
  /** Whether 48 MHz are exact enough for the host to read an answer. */
  readonly isExact: () => boolean;
}

export class UsbBus {
  readonly #parts: UsbBusParts;
  #busReset = false;
  #enumerated = false;
  #suspended = false;
  /** A setup packet came; the entry that ends its stage follows at the next token. */
  #setupOpen = false;
  /** Addresses answered: a new one is in force after the status stage. */
  #address = 0;

  constructor(parts: UsbBusParts) {
    this.#parts = parts;
  }

  /** After a reset of the core. */
  reset(): void {
    this.#busReset = false;
    this.#enumerated = false;
    this.#suspended = false;
    this.#setupOpen = false;
    this.#address = 0;
  }

  get isEnumerated(): boolean {
    return this.#enumerated;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  busReset(): void {
    const { values } = this.#parts;
    this.reset();
    values.raise(at.events, event.reset);
    this.#busReset = true;
    values.drop(at.deviceConfig, addressBits.mask << addressBits.at);
    values.drop(at.outControl, endpointBits.enable);
    values.raise(at.outControl, endpointBits.nak);
  }

  /** The end of a reset, once software saw its beginning. True when the speed is known. */
  endBusReset(): boolean {
    const { values } = this.#parts;
    if (!this.#busReset || values.has(at.events, event.reset)) return false;
    this.#busReset = false;
    this.#enumerated = true;
    values.raise(at.events, event.enumerated);
    return true;
  }

  frame(): void {
    this.#parts.values.raise(at.events, event.frame);
  }

  suspend(): void {
    this.#suspended = true;
    this.#parts.values.raise(at.events, event.early | event.suspended);
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#parts.values.raise(at.events, event.resumed);
  }

  #answers(address: number): boolean {
    if (!this.#parts.isAttached() || !this.#enumerated || this.#suspended) return false;
    return this.#address === address;
  }

  setup(address: number, bytes: Uint8Array): Handshake {
    const { values, fifos, mistake } = this.#parts;
    if (!this.#answers(address)) return 'silence';
    const left = (values.held(at.outSize) >>> 29) & 3;
    if (left === 0) mistake('a setup packet came where none was awaited');
    else values.hold(at.outSize, values.held(at.outSize) - 2 ** 29);
    if (!fifos.fits(3)) return 'silence';
    for (const control of [at.inControl, at.outControl]) {
      values.raise(control, endpointBits.nak);
      values.drop(control, endpointBits.stall);
    }
    values.drop(at.outControl, endpointBits.enable);
    fifos.receive(received.setup, bytes);
    this.#setupOpen = true;
    return 'ack';
  }

  #endSetup(): void {
    if (!this.#setupOpen) return;
    this.#setupOpen = false;
    this.#parts.fifos.receive(received.setupDone, new Uint8Array(0));
  }

  out(address: number, bytes: Uint8Array): Handshake {
    const { values, fifos, mistake, isExact } = this.#parts;
    if (!this.#answers(address)) return 'silence';
    this.#endSetup();
    const { stall, nak, enable } = endpointBits;
    if (values.has(at.outControl, stall)) return 'stall';
    if (values.has(at.outControl, nak) || !values.has(at.outControl, enable)) return 'nak';
    const words = Math.ceil(bytes.length / 4);
    if (!fifos.fits(words + 1)) return 'nak';
    if ((values.held(at.outSize) & 0x7f) < bytes.length) mistake('a packet is longer than was armed for');
    fifos.receive(received.data, bytes);
    fifos.receive(received.dataDone, new Uint8Array(0));
    values.drop(at.outControl, enable);
    values.raise(at.outControl, nak);
    return isExact() ? 'ack' : 'silence';
  }

  in(address: number): Uint8Array<ArrayBuffer> | Exclude<Handshake, 'ack'> {
    const { values, fifos, mistake, isExact } = this.#parts;
    if (!this.#answers(address)) return 'silence';
    this.#endSetup();
    const { stall, nak, enable } = endpointBits;
    if (values.has(at.inControl, stall)) return 'stall';
    const sizeBytes = values.held(at.inSize) & 0x7f;
    const words = Math.ceil(sizeBytes / 4);
    if (values.has(at.inControl, nak) || !values.has(at.inControl, enable)) return 'nak';
    if (fifos.sendLength < words) return 'nak';
    if (sizeBytes > packetBytes) mistake('a packet is longer than 64 bytes');
    if (!isExact()) return 'silence'; // the host cannot read it, and asks again
    const bytes = fifos.takeSent(words);
    values.drop(at.inControl, enable);
    values.raise(at.inControl, nak);
    values.raise(at.inEvents, endpointEvent.done);
    values.hold(at.inSize, 0);
    if (sizeBytes === 0) this.#address = (values.held(at.deviceConfig) >>> addressBits.at) & addressBits.mask;
    return bytes.slice(0, sizeBytes);
  }
}
