// The OTG core of F4 (first version) and H7 (later version) as a device, register by register: RM0090 34.16
// and 34.17, RM0433 57.14 and 57.15; what both versions share is written once. Slave mode, endpoint 0. What
// hardware answers with lost data, a dead core or silence on the bus, this model answers with the same, and
// notes it in `mistakes` for the judge of a test. usb-wire.ts is the host.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { Peripheral } from './peripheral.ts';
import {
  addressBits,
  usbRegisters as at,
  coreBits,
  deviceRegisters,
  endpointBits,
  endpointEvent,
  event,
  fifoWindow,
  forceDevice,
  modeChangeUs,
  packetBytes,
  received,
  resetBits,
  sessionByBit,
  sessionEnd,
  softDisconnect,
  writeToClear,
} from './usb-core-registers.ts';

/** How well 48 MHz are made: not at all; by an oscillator that USB does not bear; within 0.25 %. */
export type UsbClock = 'none' | 'rough' | 'exact';

export interface UsbCoreParts {
  readonly addressStart: number;
  readonly isFirst: boolean;
  /** Words of the memory that the FIFOs share. */
  readonly fifoWords: number;
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  /** The gate of the bus clock, as RCC has it. */
  readonly isClocked: () => boolean;
  readonly clock: () => UsbClock;
  /** Supply of the transceiver, and the pins' alternate function. */
  readonly isWired: () => boolean;
  /** Software looks for events: the host may act. */
  readonly looked: () => void;
}

/** What a transaction of the host meets. */
export type Handshake = 'ack' | 'nak' | 'stall' | 'silence';

interface Entry {
  readonly status: number;
  readonly words: number[];
}

const wordsOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) =>
    [0, 1, 2, 3].reduce((word, k) => word + (bytes[4 * i + k] ?? 0) * 2 ** (8 * k), 0),
  );

const resetValues: Readonly<Record<number, number>> = {
  [at.usbConfig]: 0x1440,
  [at.receiveSize]: 0x200,
  [at.sendPlace]: 0x0200_0200,
  [at.inControl]: endpointBits.active | endpointBits.nak,
  [at.outControl]: endpointBits.active | endpointBits.nak,
};

const least = 16;

export class UsbCore implements Peripheral {
  readonly name = 'OTG';
  readonly addressStart: number;
  readonly sizeBytes = 0x2_0000;
  /** What software did wrong since power-on, in words. */
  readonly mistakes: string[] = [];
  /** The host's cable, with VBUS. */
  plugged = true;
  readonly #parts: UsbCoreParts;
  readonly #values = new Map<number, number>();
  #queue: Entry[] = [];
  /** Words of the entry popped last that software has not read. */
  #unread: number[] = [];
  #sendFifo: number[] = [];
  #forcedAtUs: number | undefined;
  #lookedForMode = false;
  #resetsCore = false;
  #busReset = false;
  #enumerated = false;
  #suspended = false;
  /** A setup packet came; the entry that ends its stage follows at the next token. */
  #setupOpen = false;
  /** Addresses answered: a new one is in force after the status stage. */
  #address = 0;

  constructor(parts: UsbCoreParts) {
    this.#parts = parts;
    this.addressStart = parts.addressStart;
  }

  #mistake(what: string): void {
    this.mistakes.push(what);
  }

  #held(offset: number): number {
    return this.#values.get(offset) ?? resetValues[offset] ?? 0;
  }

  #has(offset: number, bits: number): boolean {
    return (this.#held(offset) & bits) >>> 0 === bits >>> 0;
  }

  #hold(offset: number, value: number): void {
    this.#values.set(offset, value >>> 0);
  }

  #raise(offset: number, bits: number): void {
    this.#hold(offset, this.#held(offset) | bits);
  }

  #drop(offset: number, bits: number): void {
    this.#hold(offset, this.#held(offset) & ~bits);
  }

  reset(): void {
    this.#values.clear();
    this.#queue = [];
    this.#unread = [];
    this.#sendFifo = [];
    this.#forcedAtUs = undefined;
    this.#lookedForMode = false;
    this.#resetsCore = false;
    this.#busReset = false;
    this.#enumerated = false;
    this.#suspended = false;
    this.#setupOpen = false;
    this.#address = 0;
  }

  losePower(): void {
    this.mistakes.length = 0;
  }

  get #isDevice(): boolean {
    return this.#forcedAtUs !== undefined && this.#parts.nowUs() >= this.#forcedAtUs + modeChangeUs;
  }

  get #hasSession(): boolean {
    if (this.#parts.isFirst)
      return this.#has(at.coreConfig, coreBits.noSensingFirst)
        ? true
        : this.#has(at.coreConfig, coreBits.senseFirst) && this.plugged;
    if (this.#has(at.coreConfig, coreBits.senseLater)) return this.plugged;
    return this.#has(at.otgControl, sessionByBit);
  }

  /**
   * Whether the host sees a device: a cable, and the pull-up of one that is powered, clocked and connected.
   */
  get attached(): boolean {
    return (
      this.plugged &&
      this.#parts.isClocked() &&
      this.#parts.clock() !== 'none' &&
      this.#parts.isWired() &&
      this.#has(at.coreConfig, coreBits.powered) &&
      this.#isDevice &&
      (this.#held(at.deviceConfig) & 3) === 3 &&
      !this.#has(at.deviceControl, softDisconnect) &&
      this.#hasSession
    );
  }

  get #receiveUsed(): number {
    return this.#queue.reduce((sum, { words }) => sum + 1 + words.length, this.#unread.length);
  }

  get #sendWords(): number {
    return this.#held(at.sendPlace) >>> 16;
  }

  /** Whether the FIFOs that software laid out lie in their memory and apart. */
  #fitsFifos(): boolean {
    const receive = this.#held(at.receiveSize);
    const start = this.#held(at.sendPlace) & 0xffff;
    const fits =
      receive >= least &&
      this.#sendWords >= least &&
      start >= receive &&
      start + this.#sendWords <= this.#parts.fifoWords;
    if (!fits) this.#mistake('the FIFOs do not fit their memory');
    return fits;
  }

  readRegister(offset: number): number {
    if (!this.#parts.isClocked()) return 0;
    if (offset >= fifoWindow.start && offset < fifoWindow.end) return this.#popWord();
    switch (offset) {
      case at.events:
        return this.#readEvents();
      case at.resetControl:
        return this.#readReset();
      case at.receiveLook:
        return this.#queue[0]?.status ?? 0;
      case at.receivePop:
        return this.#popEntry();
      case at.deviceStatus:
        return (this.#suspended ? 1 : 0) | (this.#enumerated ? 6 : 0);
      case at.inRoom:
        return Math.max(0, this.#sendWords - this.#sendFifo.length);
      case at.inEvents:
        return this.#held(offset) | (this.#sendFifo.length === 0 ? endpointEvent.empty : 0);
      default:
        return this.#held(offset);
    }
  }

  #readEvents(): number {
    if (this.#forcedAtUs !== undefined && !this.#isDevice) {
      // Software that looks again and again waits for it: time passes.
      if (this.#lookedForMode) this.#parts.waitUntilUs(this.#forcedAtUs + modeChangeUs);
      this.#lookedForMode = true;
    } else if (this.#isDevice) this.#parts.looked();
    return (
      (this.#held(at.events) |
        (this.#isDevice ? 0 : event.hostMode) |
        (this.#held(at.otgEvents) !== 0 ? event.session : 0) |
        (this.#queue.length > 0 ? event.received : 0)) >>>
      0
    );
  }

  #readReset(): number {
    if (this.#parts.clock() === 'none') return this.#resetsCore ? resetBits.core : 0; // a core without its clock
    if (this.#resetsCore) this.reset();
    return resetBits.idle;
  }

  #popEntry(): number {
    if (this.#unread.length > 0) this.#mistake('a packet was not read to its end');
    const entry = this.#queue.shift();
    if (entry === undefined) {
      this.#mistake('an empty FIFO was popped');
      return 0;
    }
    this.#unread = [...entry.words];
    const kind = (entry.status >>> 17) & 15;
    if (kind === received.dataDone) this.#raise(at.outEvents, endpointEvent.done);
    if (kind === received.setupDone) this.#raise(at.outEvents, endpointEvent.setup);
    return entry.status;
  }

  #popWord(): number {
    const word = this.#unread.shift();
    if (word === undefined) this.#mistake('more words were read than came');
    return word ?? 0;
  }

  writeRegister(offset: number, value: number, _by: MemoryAccess): void {
    if (!this.#parts.isClocked()) {
      this.#mistake('a register was written without its clock');
      return;
    }
    if (this.#resetsCore) this.#mistake('a register was written while the core is being reset');
    else if (offset >= fifoWindow.start && offset < fifoWindow.end) this.#pushWord(value);
    else if (offset >= deviceRegisters.start && offset < deviceRegisters.end && !this.#isDevice) {
      this.#mistake(`register 0x${offset.toString(16)} of device mode was written in host mode`);
      this.#raise(at.events, event.wrongMode);
    } else this.#write(offset, value);
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case at.events:
        this.#drop(offset, value & writeToClear);
        return;
      case at.otgEvents:
      case at.outEvents:
      case at.inEvents:
        this.#drop(offset, value);
        return;
      case at.resetControl:
        this.#writeReset(value);
        return;
      case at.usbConfig:
        if ((value & forceDevice) !== 0) this.#forcedAtUs ??= this.#parts.nowUs();
        else this.#forcedAtUs = undefined;
        this.#hold(offset, value);
        return;
      case at.deviceConfig:
        this.#hold(offset, value);
        return;
      case at.inControl:
        this.#writeIn(value);
        return;
      case at.outControl:
        this.#writeOut(value);
        return;
      case at.inSize:
        if (this.#has(at.inControl, endpointBits.enable))
          this.#mistake('the size of an armed endpoint was changed');
        this.#hold(offset, value);
        return;
      case at.receivePop:
      case at.receiveLook:
      case at.deviceStatus:
      case at.inRoom:
        return;
      default:
        this.#hold(offset, value);
        return;
    }
  }

  #writeReset(value: number): void {
    if ((value & resetBits.core) !== 0) this.#resetsCore = true;
    if (this.#parts.clock() === 'none') return;
    if ((value & resetBits.flushReceive) !== 0) {
      this.#queue = [];
      this.#unread = [];
    }
    if ((value & resetBits.flushSend) === 0 || ((value >>> 6) & 0x1f & 0xf) !== 0) return;
    if (this.#has(at.inControl, endpointBits.enable))
      this.#mistake('the FIFO of an armed endpoint was flushed');
    this.#sendFifo = [];
  }

  #noteArmed(): void {
    if (!this.#enumerated) this.#mistake('an endpoint was armed before enumeration');
    this.#fitsFifos();
  }

  /** NAK, STALL and the packet size as both directions have them. */
  #kept(offset: number, value: number): number {
    const { nak, setNak, clearNak, stall, packetCode, active, enable } = endpointBits;
    let kept = this.#held(offset) & (nak | enable);
    if (value & clearNak) kept &= ~nak;
    if (value & setNak) kept |= nak;
    return kept | active | (value & (stall | packetCode));
  }

  #writeIn(value: number): void {
    const { enable, disable } = endpointBits;
    const wasArmed = this.#has(at.inControl, enable);
    let kept = this.#kept(at.inControl, value);
    if ((value & disable) !== 0 && wasArmed) {
      kept &= ~enable;
      this.#raise(at.inEvents, endpointEvent.disabled);
    } else if (value >>> 31 === 1) {
      if (!wasArmed) this.#noteArmed();
      kept |= enable;
    }
    this.#hold(at.inControl, kept);
  }

  #writeOut(value: number): void {
    const kept = this.#kept(at.outControl, value);
    const arms = value >>> 31 === 1;
    if (arms && !this.#has(at.outControl, endpointBits.enable)) this.#noteArmed();
    this.#hold(at.outControl, arms ? kept | endpointBits.enable : kept);
  }

  #pushWord(value: number): void {
    if (!this.#has(at.inControl, endpointBits.enable))
      this.#mistake('data was written to an endpoint that is not armed');
    if (this.#sendFifo.length >= this.#sendWords) this.#mistake('a FIFO that is full was written');
    else this.#sendFifo.push(value >>> 0);
  }

  // What the host does.

  busReset(): void {
    this.#raise(at.events, event.reset);
    this.#busReset = true;
    this.#enumerated = false;
    this.#suspended = false;
    this.#setupOpen = false;
    this.#address = 0;
    this.#drop(at.deviceConfig, addressBits.mask << addressBits.at);
    this.#drop(at.outControl, endpointBits.enable);
    this.#raise(at.outControl, endpointBits.nak);
  }

  /** The end of a reset, once software saw its beginning. True when the speed is known. */
  endBusReset(): boolean {
    if (!this.#busReset || this.#has(at.events, event.reset)) return false;
    this.#busReset = false;
    this.#enumerated = true;
    this.#raise(at.events, event.enumerated);
    return true;
  }

  get isEnumerated(): boolean {
    return this.#enumerated;
  }

  frame(): void {
    this.#raise(at.events, event.frame);
  }

  suspend(): void {
    this.#suspended = true;
    this.#raise(at.events, event.early | event.suspended);
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#raise(at.events, event.resumed);
  }

  /** The cable goes: a session that is sensed ends, else the bus is idle. */
  unplug(): void {
    const senses = this.#has(at.coreConfig, this.#parts.isFirst ? coreBits.senseFirst : coreBits.senseLater);
    this.plugged = false;
    if (senses) this.#raise(at.otgEvents, sessionEnd);
    else this.suspend();
  }

  #answers(address: number): boolean {
    if (!this.attached || !this.#enumerated || this.#suspended) return false;
    return this.#address === address;
  }

  #fits(words: number): boolean {
    return this.#receiveUsed + words + 1 <= this.#held(at.receiveSize);
  }

  #push(kind: number, bytes: Uint8Array): void {
    this.#queue.push({ status: ((kind << 17) | (bytes.length << 4)) >>> 0, words: wordsOf(bytes) });
  }

  setup(address: number, bytes: Uint8Array): Handshake {
    if (!this.#answers(address)) return 'silence';
    const left = (this.#held(at.outSize) >>> 29) & 3;
    if (left === 0) this.#mistake('a setup packet came where none was awaited');
    else this.#hold(at.outSize, this.#held(at.outSize) - 2 ** 29);
    if (!this.#fits(3)) return 'silence';
    for (const control of [at.inControl, at.outControl]) {
      this.#raise(control, endpointBits.nak);
      this.#drop(control, endpointBits.stall);
    }
    this.#drop(at.outControl, endpointBits.enable);
    this.#push(received.setup, bytes);
    this.#setupOpen = true;
    return 'ack';
  }

  #endSetup(): void {
    if (!this.#setupOpen) return;
    this.#setupOpen = false;
    this.#push(received.setupDone, new Uint8Array(0));
  }

  out(address: number, bytes: Uint8Array): Handshake {
    if (!this.#answers(address)) return 'silence';
    this.#endSetup();
    const { stall, nak, enable } = endpointBits;
    if (this.#has(at.outControl, stall)) return 'stall';
    if (this.#has(at.outControl, nak) || !this.#has(at.outControl, enable)) return 'nak';
    const words = Math.ceil(bytes.length / 4);
    if (!this.#fits(words + 1)) return 'nak';
    if ((this.#held(at.outSize) & 0x7f) < bytes.length)
      this.#mistake('a packet is longer than was armed for');
    this.#push(received.data, bytes);
    this.#push(received.dataDone, new Uint8Array(0));
    this.#drop(at.outControl, enable);
    this.#raise(at.outControl, nak);
    return this.#parts.clock() === 'exact' ? 'ack' : 'silence';
  }

  in(address: number): Uint8Array<ArrayBuffer> | Exclude<Handshake, 'ack'> {
    if (!this.#answers(address)) return 'silence';
    this.#endSetup();
    const { stall, nak, enable } = endpointBits;
    if (this.#has(at.inControl, stall)) return 'stall';
    const sizeBytes = this.#held(at.inSize) & 0x7f;
    const words = Math.ceil(sizeBytes / 4);
    if (this.#has(at.inControl, nak) || !this.#has(at.inControl, enable)) return 'nak';
    if (this.#sendFifo.length < words) return 'nak';
    if (sizeBytes > packetBytes) this.#mistake('a packet is longer than 64 bytes');
    if (this.#parts.clock() !== 'exact') return 'silence'; // the host cannot read it, and asks again
    const taken = this.#sendFifo.splice(0, words);
    this.#drop(at.inControl, enable);
    this.#raise(at.inControl, nak);
    this.#raise(at.inEvents, endpointEvent.done);
    this.#hold(at.inSize, 0);
    if (sizeBytes === 0) this.#address = (this.#held(at.deviceConfig) >>> addressBits.at) & addressBits.mask;
    const bytes = new Uint8Array(4 * words);
    const view = new DataView(bytes.buffer);
    for (const [i, word] of taken.entries()) view.setUint32(4 * i, word, true);
    return bytes.slice(0, sizeBytes);
  }
}
