// The USB host at the other end of the wire: control transfers cut into transactions (USB 2.0 chapter 8),
// each tried again while the device answers NAK, whenever its software looks for events. Besides what a host
// does to a bus: reset, suspend, resume; and a cable that is pulled.

import type { Setup, UsbAnswer } from '../doors/usb-function.ts';
import type { Handshake } from './usb-bus.ts';
import type { UsbCore } from './usb-core.ts';
import { packetBytes } from './usb-core-registers.ts';

export interface UsbWireParts {
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  /** Lets the firmware run until it waits. */
  readonly run: () => void;
  /** Something went over the wire. */
  readonly madeProgress: () => void;
}

type Stage = 'setup' | 'data-in' | 'data-out' | 'status-in' | 'status-out';

interface Transfer {
  readonly setup: Setup;
  readonly data: Uint8Array;
  readonly answered: (answer: UsbAnswer) => void;
  stage: Stage;
  /** Bytes of the data stage that were carried. */
  carried: number[];
}

/** Tries of a transaction that nobody answers (USB 2.0, 8.7.1). */
const triesMax = 3;
/** 12 Mbit/s, and what a transaction needs beside its data: USB 2.0, 5.8.4. */
const bitsPerUs = 12;
const overheadBytes = 13;
/** What a host gives a device to recover from a reset (USB 2.0, 7.1.7.5). */
const recoveryUs = 10_000;
const resetUs = 10_000;

function setupPacket({ requestType, request, value, index, length }: Setup): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.of(requestType, request, 0, 0, 0, 0, 0, 0);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, value, true);
  view.setUint16(4, index, true);
  view.setUint16(6, length, true);
  return bytes;
}

const none = new Uint8Array(0);

export class UsbWire {
  readonly core: UsbCore;
  readonly #parts: UsbWireParts;
  #address = 0;
  #transfer: Transfer | undefined;
  #silent = 0;
  /** Transactions that the host still makes of itself. */
  #left = Number.POSITIVE_INFINITY;
  /** The host sends frames: it reset the device, and does not suspend it. */
  #active = false;

  constructor(core: UsbCore, parts: UsbWireParts) {
    this.core = core;
    this.#parts = parts;
  }

  /** Times that the cable was pulled: a device that was found before is another one now. */
  pulls = 0;

  /** Whether a device shows itself. */
  get attached(): boolean {
    return this.core.attached;
  }

  /** Whether frames are sent, by which a clock can be trimmed. */
  get sendsFrames(): boolean {
    return this.#active && this.core.bus.isEnumerated;
  }

  /** After a reset of the chip: a device that comes back is a new one. */
  forget(): void {
    this.#transfer = undefined;
    this.#address = 0;
    this.#active = false;
  }

  #pass(us: number): void {
    this.#parts.waitUntilUs(this.#parts.nowUs() + us);
  }

  /** Ten milliseconds of reset, and the time after it. False when the device did not come up. */
  busReset(): boolean {
    this.forget();
    if (!this.attached) return false;
    this.core.bus.busReset();
    this.#pass(resetUs);
    this.#active = true;
    this.#parts.run();
    this.#pass(recoveryUs);
    this.core.bus.frame();
    this.#parts.run();
    return this.core.bus.isEnumerated;
  }

  suspend(): void {
    this.#active = false;
    this.core.bus.suspend();
    this.#parts.run();
  }

  resume(): void {
    this.core.bus.resume();
    this.#active = true;
    this.#parts.run();
  }

  unplug(): void {
    this.pulls++;
    this.forget();
    this.core.unplug();
    this.#parts.run();
  }

  plug(): void {
    this.core.plugged = true;
    this.#parts.run();
  }

  /** After SET_ADDRESS was answered. */
  useAddress(address: number): void {
    this.#address = address;
  }

  /**
   * A control transfer, as far as it comes: `answered` is called when its status stage is over or the device
   * stalls, before work that follows. False when nothing was answered by the time that the firmware waits.
   */
  control(setup: Setup, data: Uint8Array, answered: (answer: UsbAnswer) => void): boolean {
    let over = false;
    this.begin(setup, data, (answer) => {
      over = true;
      answered(answer);
    });
    this.#parts.run();
    if (!over) this.#transfer = undefined;
    return over;
  }

  /** The same without letting the firmware run: the transfer before it, if there is one, is given up. */
  begin(setup: Setup, data: Uint8Array, answered: (answer: UsbAnswer) => void): void {
    this.#transfer = { setup, data, answered, stage: 'setup', carried: [] };
    this.#silent = 0;
  }

  /** Goes on with it for that many transactions and leaves it there; the firmware runs until it waits. */
  carry(transactions: number): void {
    this.#left = transactions;
    this.#parts.run();
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** The firmware looks for events: what the host does meanwhile. */
  step(): void {
    if (this.core.bus.endBusReset()) this.#parts.madeProgress();
    const transfer = this.#transfer;
    if (transfer === undefined || !this.#active || this.#left <= 0) return;
    const bytes = this.#outgoing(transfer);
    const answer = this.#carry(transfer, bytes);
    if (answer === 'nak') return;
    this.#left--;
    this.#parts.madeProgress();
    this.#pass(
      ((answer instanceof Uint8Array ? answer.length : bytes.length) + overheadBytes) * (8 / bitsPerUs),
    );
    this.core.bus.frame();
    if (answer === 'silence') {
      if (++this.#silent >= triesMax) this.#transfer = undefined;
      return;
    }
    this.#silent = 0;
    if (answer === 'stall') this.#end(transfer, undefined);
    else this.#next(transfer, answer instanceof Uint8Array ? answer : bytes);
  }

  #outgoing({ stage, setup, data, carried }: Transfer): Uint8Array {
    if (stage === 'setup') return setupPacket(setup);
    return stage === 'data-out' ? data.subarray(carried.length, carried.length + packetBytes) : none;
  }

  #carry({ stage }: Transfer, bytes: Uint8Array): Uint8Array | Handshake {
    if (stage === 'setup') return this.core.bus.setup(this.#address, bytes);
    return stage.endsWith('in') ? this.core.bus.in(this.#address) : this.core.bus.out(this.#address, bytes);
  }

  #next(transfer: Transfer, bytes: Uint8Array): void {
    const { setup, data } = transfer;
    const toHost = (setup.requestType & 0x80) !== 0;
    if (transfer.stage === 'setup') {
      if (toHost) transfer.stage = setup.length > 0 ? 'data-in' : 'status-out';
      else transfer.stage = data.length > 0 ? 'data-out' : 'status-in';
      return;
    }
    if (transfer.stage.startsWith('status')) {
      this.#end(transfer, Uint8Array.from(transfer.carried).subarray(0, toHost ? setup.length : 0));
      return;
    }
    transfer.carried.push(...bytes);
    const short = bytes.length < packetBytes;
    if (toHost ? short || transfer.carried.length >= setup.length : transfer.carried.length >= data.length)
      transfer.stage = toHost ? 'status-out' : 'status-in';
  }

  #end({ answered }: Transfer, answer: UsbAnswer): void {
    this.#transfer = undefined;
    answered(answer);
  }
}
