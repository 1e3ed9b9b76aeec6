// The CPU's way to the bus, made fast: instruction fetches and RAM go straight to the bytes of the
// memory around the last address, as long as no operation changed it; everything else takes SystemBus.
// Throws BusFault where the bus says so.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { AccessBytes, SystemBus } from './system-bus.ts';

/** The access was refused or goes nowhere: a HardFault on ARMv6-M (DDI 0419, B1.5.4). */
export class BusFault extends Error {
  override readonly name = 'BusFault';
  readonly address: number;

  constructor(address: number) {
    super(`bus fault at 0x${address.toString(16)}`);
    this.address = address;
  }
}

/** No erase unit or RAM range begins or ends within 2 KiB. */
const placeBits = 11;

interface Views {
  start: number;
  end: number;
  bytes: Uint8Array;
  halves: Uint16Array;
  words: Uint32Array;
}

/** No address is in it. */
const nothing: Views = {
  start: 1,
  end: 0,
  bytes: new Uint8Array(0),
  halves: new Uint16Array(0),
  words: new Uint32Array(0),
};

function viewsOf(window: { addressStart: number; bytes: Uint8Array } | undefined): Views | undefined {
  if (window === undefined || window.bytes.byteOffset % 4 !== 0 || window.bytes.length % 4 !== 0)
    return undefined;
  const { addressStart, bytes } = window;
  return {
    start: addressStart,
    end: addressStart + bytes.length,
    bytes,
    halves: new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2),
    words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
  };
}

export class CoreBus {
  readonly #bus: () => SystemBus;
  readonly #memory: MemoryAccess;
  readonly #flashChanges: { readonly count: number };
  readonly #ramChanges: { readonly count: number };
  #changes = -1;
  #flash: Views = nothing;
  #ram: Views = nothing;
  readonly #knownFlash = new Map<number, Views>();
  readonly #knownRam = new Map<number, Views>();
  /**
   * Whether the read of 2 bytes at that address, now, is the fetch of an instruction; set by the processor.
   */
  isFetch: (address: number) => boolean = () => false;

  /** `bus` over the same memory; asked for when it is first needed, since its peripherals need the CPU. */
  constructor(memory: MemoryAccess, bus: () => SystemBus) {
    this.#bus = bus;
    this.#memory = memory;
    this.#flashChanges = memory.changes.flash;
    this.#ramChanges = memory.changes.ram;
  }

  /** Rules or mapping changed: nothing remembered holds. */
  forget(): void {
    this.#flash = nothing;
    this.#ram = nothing;
    this.#knownFlash.clear();
    this.#knownRam.clear();
  }

  #current(): void {
    const changes = this.#flashChanges.count + this.#ramChanges.count;
    if (changes === this.#changes) return;
    this.#changes = changes;
    this.forget();
  }

  /** Makes the memory around the address the one that the fast path takes next time. */
  #moveTo(address: number): void {
    const place = address >>> placeBits;
    const ram = this.#knownRam.get(place) ?? viewsOf(this.#memory.ramWindow(address));
    if (ram !== undefined) {
      this.#ram = ram;
      this.#knownRam.set(place, ram);
      return;
    }
    const flash = this.#knownFlash.get(place) ?? viewsOf(this.#memory.flashWindow(address));
    if (flash === undefined) return;
    this.#flash = flash;
    this.#knownFlash.set(place, flash);
  }

  #slowRead(address: number, sizeBytes: AccessBytes): number {
    this.#moveTo(address);
    const { start, end, bytes } = this.#flash;
    if (address >= start && address + sizeBytes <= end && address % sizeBytes === 0) {
      const at = address - start;
      if (sizeBytes === 1) return bytes[at]!;
      return sizeBytes === 2 ? this.#flash.halves[at >>> 1]! : this.#flash.words[at >>> 2]!;
    }
    const bus = this.#bus();
    const value =
      sizeBytes === 2 && this.isFetch(address) ? bus.fetch(address) : bus.read(address, sizeBytes);
    if (value === undefined) throw new BusFault(address);
    return value;
  }

  readUint32(signed: number): number {
    const address = signed >>> 0;
    this.#current();
    if ((address & 3) === 0) {
      const flash = this.#flash;
      if (address >= flash.start && address < flash.end) return flash.words[(address - flash.start) >>> 2]!;
      const ram = this.#ram;
      if (address >= ram.start && address < ram.end) return ram.words[(address - ram.start) >>> 2]!;
    }
    return this.#slowRead(address, 4);
  }

  readUint16(signed: number): number {
    const address = signed >>> 0;
    this.#current();
    if ((address & 1) === 0) {
      const flash = this.#flash;
      if (address >= flash.start && address < flash.end) return flash.halves[(address - flash.start) >>> 1]!;
      const ram = this.#ram;
      if (address >= ram.start && address < ram.end) return ram.halves[(address - ram.start) >>> 1]!;
    }
    return this.#slowRead(address, 2);
  }

  readUint8(signed: number): number {
    const address = signed >>> 0;
    this.#current();
    const flash = this.#flash;
    if (address >= flash.start && address < flash.end) return flash.bytes[address - flash.start]!;
    const ram = this.#ram;
    if (address >= ram.start && address < ram.end) return ram.bytes[address - ram.start]!;
    return this.#slowRead(address, 1);
  }

  #slowWrite(address: number, sizeBytes: AccessBytes, value: number): void {
    if (this.#knownRam.has(address >>> placeBits)) this.#moveTo(address);
    if (!this.#bus().write(address, sizeBytes, value >>> 0)) throw new BusFault(address);
  }

  writeUint32(signed: number, value: number): void {
    const address = signed >>> 0;
    this.#current();
    const ram = this.#ram;
    if ((address & 3) === 0 && address >= ram.start && address < ram.end)
      ram.words[(address - ram.start) >>> 2] = value;
    else this.#slowWrite(address, 4, value);
  }

  writeUint16(signed: number, value: number): void {
    const address = signed >>> 0;
    this.#current();
    const ram = this.#ram;
    if ((address & 1) === 0 && address >= ram.start && address < ram.end)
      ram.halves[(address - ram.start) >>> 1] = value;
    else this.#slowWrite(address, 2, value & 0xffff);
  }

  writeUint8(signed: number, value: number): void {
    const address = signed >>> 0;
    this.#current();
    const ram = this.#ram;
    if (address >= ram.start && address < ram.end) ram.bytes[address - ram.start] = value;
    else this.#slowWrite(address, 1, value & 0xff);
  }
}
