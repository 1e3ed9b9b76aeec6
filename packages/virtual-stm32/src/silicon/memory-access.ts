// The chip's memory as one master reaches it: addresses are mapped, the rules of protection.ts applied, and
// what is left goes to flash, RAM, OTP, option bytes or the factory's information. Used by the CPU, the debug
// port and the ROM bootloader alike, so that none can forget a rule.

import type { Chip, EraseUnit, OptionValues, RamRange } from '@firmseal/chips';
import { bytesToBankEnd, physicalFlashAddress } from './address-map.ts';
import type { FlashMemory, FlashStatus, MemoryWindow, ReadFault, WhenDone } from './flash-memory.ts';
import { type LowMemory, lowAddress } from './low-memory.ts';
import type { OptionBytes, OptionStatus } from './option-bytes.ts';
import type { OtpMemory } from './otp-memory.ts';
import {
  isAllowed,
  type Master,
  type MemoryAction,
  type MemoryArea,
  type ProtectionState,
} from './protection.ts';
import type { WorkingMemory } from './working-memory.ts';

export interface MemoryParts {
  readonly chip: Chip;
  readonly flash: FlashMemory;
  readonly ram: WorkingMemory;
  readonly otp: OtpMemory | undefined;
  readonly options: OptionBytes;
  /** Unique id, 12 bytes. */
  readonly uid: Uint8Array<ArrayBuffer>;
  readonly protection: () => ProtectionState;
  readonly banksSwapped: () => boolean;
  /** What is seen at address 0, where a memory is. */
  readonly lowMemory: () => LowMemory;
}

const areaOf = ({ kind, guarded }: RamRange): MemoryArea =>
  kind === 'backup' ? 'backup-ram' : guarded ? 'guarded-ram' : 'ram';

export class MemoryAccess {
  readonly #parts: MemoryParts;
  readonly #master: () => Master;

  constructor(parts: MemoryParts, master: () => Master) {
    this.#parts = parts;
    this.#master = master;
  }

  /** Who reaches memory this way. */
  get master(): Master {
    return this.#master();
  }

  #may(area: MemoryArea, action: MemoryAction): boolean {
    return isAllowed(this.#parts.protection(), { master: this.#master(), area, action });
  }

  #physical(address: number): number | undefined {
    return physicalFlashAddress(this.#parts.chip, this.resolve(address), this.#parts.banksSwapped());
  }

  /** The address that one in the alias at 0 means; any other stays, and one that means flash. */
  resolve(address: number): number {
    return lowAddress(this.#parts.chip, address, this.#parts.lowMemory());
  }

  /** Whether the address is of memory, readable to this master or not. */
  holds(address: number): boolean {
    const { ram, otp } = this.#parts;
    return (
      ram.rangeAt(address) !== undefined ||
      (otp?.holds(address, 1) ?? false) ||
      this.#physical(address) !== undefined
    );
  }

  isFlash(address: number): boolean {
    return this.#physical(address) !== undefined;
  }

  isRam(address: number): boolean {
    return this.#parts.ram.rangeAt(address) !== undefined;
  }

  /** Whether this master may read the factory's information and the ROM beside it. */
  get readsInformation(): boolean {
    return this.#may('information', 'read');
  }

  /**
   * RAM around the address, to be read and written until `changes` rise; undefined
   * when a rule is in the way.
   */
  ramWindow(aliased: number): MemoryWindow | undefined {
    const { ram } = this.#parts;
    const address = this.resolve(aliased);
    const range = ram.rangeAt(address);
    if (range === undefined || range.kind !== 'sram') return undefined;
    const area = areaOf(range);
    if (!this.#may(area, 'read') || !this.#may(area, 'write')) return undefined;
    const window = ram.window(address);
    return window && { addressStart: window.addressStart - (address - aliased), bytes: window.bytes };
  }

  /**
   * Flash around the address, to be read until `changes` rise; undefined when a rule
   * or a fault is in the way.
   */
  flashWindow(address: number): MemoryWindow | undefined {
    const physical = this.#physical(address);
    if (physical === undefined || !this.#may('flash', 'read')) return undefined;
    const window = this.#parts.flash.window(physical);
    if (window !== undefined && this.#parts.options.isExecuteOnly(window.addressStart, window.bytes.length))
      return undefined;
    return window && { addressStart: address - (physical - window.addressStart), bytes: window.bytes };
  }

  /**
   * Counts that rise when windows of flash and RAM are no longer valid because memory changed; rules and
   * mapping are the caller's to watch.
   */
  get changes(): Record<'flash' | 'ram', { readonly count: number }> {
    return { flash: this.#parts.flash.changes, ram: this.#parts.ram.changes };
  }

  /** A copy of the bytes at any address that the master can read. */
  read(aliased: number, length: number): Uint8Array<ArrayBuffer> | ReadFault {
    const { ram, otp } = this.#parts;
    const address = this.resolve(aliased);
    const range = ram.rangeAt(address);
    if (range !== undefined)
      return (this.#may(areaOf(range), 'read') ? ram.read(address, length) : undefined) ?? 'bus-fault';
    if (otp?.holds(address, length))
      return this.#may('otp', 'read') ? otp.read(address, length) : 'bus-fault';
    if (this.#physical(address) !== undefined) return this.#readFlash(address, length);
    return this.#readInformation(address, length) ?? 'bus-fault';
  }

  /**
   * Whether the byte is of flash that can only be executed: the reason for which a
   * data read of it is refused.
   */
  isExecuteOnly(address: number): boolean {
    const physical = this.#physical(address);
    return physical !== undefined && this.#parts.options.isExecuteOnly(physical, 1);
  }

  /** An instruction fetch of 2 bytes: as a read, but for flash that can only be executed. */
  fetch(address: number): Uint8Array<ArrayBuffer> | ReadFault {
    const physical = this.#physical(address);
    if (physical === undefined || !this.#parts.options.isExecuteOnly(physical, 2))
      return this.read(address, 2);
    return this.#may('flash', 'read') ? this.#parts.flash.read(physical, 2) : 'bus-fault';
  }

  /** Whether this master may reach the backup registers of the RTC or TAMP. */
  get reachesBackupRegisters(): boolean {
    return this.#may('backup-registers', 'read');
  }

  #readFlash(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault {
    if (!this.#may('flash', 'read')) return 'bus-fault';
    const result = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const physical = this.#physical(address + done);
      if (physical === undefined) return 'bus-fault';
      const size = Math.min(length - done, bytesToBankEnd(this.#parts.chip, physical));
      if (this.#parts.options.isExecuteOnly(physical, size)) return 'bus-fault';
      const part = this.#parts.flash.read(physical, size);
      if (typeof part === 'string' || size === length) return part;
      result.set(part, done);
      done += size;
    }
    return result;
  }

  /** Bytes of flash as the cells hold them, broken or not: what silicon delivers beside its interrupt. */
  readBroken(address: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#parts.flash.peek(this.#physical(address)!, length);
  }

  #readInformation(address: number, length: number): Uint8Array<ArrayBuffer> | undefined {
    const { uniqueIdAddress, flashSizeAddress } = this.#parts.chip.identity;
    const kibibytes = this.#parts.chip.flash.sizeBytes / 1024;
    const places: readonly [number, Uint8Array<ArrayBuffer>][] = [
      [uniqueIdAddress, this.#parts.uid],
      [flashSizeAddress, Uint8Array.of(kibibytes & 0xff, kibibytes >>> 8)],
    ];
    for (const [start, bytes] of places)
      if (address >= start && address + length <= start + bytes.length)
        return this.#may('information', 'read')
          ? bytes.slice(address - start, address - start + length)
          : undefined;
    return undefined;
  }

  /** Writes RAM. Flash is programmed by programUnit. */
  writeRam(aliased: number, bytes: Uint8Array): 'ok' | 'bus-fault' {
    const address = this.resolve(aliased);
    const range = this.#parts.ram.rangeAt(address);
    if (range === undefined) return 'bus-fault';
    if (!this.#may(areaOf(range), 'write')) return 'bus-fault';
    return this.#parts.ram.write(address, bytes) ? 'ok' : 'bus-fault';
  }

  /** One program operation of flash or OTP; with `whenDone` that of flash lasts beyond the call. */
  programUnit(address: number, bytes: Uint8Array, whenDone?: WhenDone): FlashStatus {
    const { otp, flash } = this.#parts;
    if (otp?.holds(address, bytes.length)) {
      if (!this.#may('otp', 'write')) return 'refused';
      if (bytes.length !== flash.unitBytes) return 'wrong-size';
      if (address % flash.unitBytes !== 0) return 'misaligned';
      const status = otp.program(address, bytes);
      if (status === 'ok') whenDone?.('ok');
      return status;
    }
    const physical = this.#physical(address);
    if (physical === undefined) return 'out-of-range';
    return this.#may('flash', 'write') ? flash.programUnit(physical, bytes, whenDone) : 'refused';
  }

  /**
   * Program operations one after the other; the first that is not `ok` ends it. Length: whole write units.
   */
  programUnits(address: number, bytes: Uint8Array): FlashStatus {
    const { unitBytes } = this.#parts.flash;
    if (bytes.length % unitBytes !== 0) return 'wrong-size';
    for (let offset = 0; offset < bytes.length; offset += unitBytes) {
      const status = this.programUnit(address + offset, bytes.subarray(offset, offset + unitBytes));
      if (status !== 'ok') return status;
    }
    return 'ok';
  }

  eraseUnit(address: number, whenDone?: WhenDone): FlashStatus {
    const physical = this.#physical(address);
    if (physical === undefined) return 'out-of-range';
    return this.#may('flash', 'erase') ? this.#parts.flash.eraseUnit(physical, whenDone) : 'refused';
  }

  /** Everything, or the bank of that number. */
  massErase(bank?: number, whenDone?: WhenDone): FlashStatus {
    return this.#may('flash', 'erase') ? this.#parts.flash.massErase(bank, whenDone) : 'refused';
  }

  /** Value in force of an option register, only its option bits; undefined when it cannot be read. */
  readOption(register: number): number | undefined {
    return this.#may('option-bytes', 'read') ? this.#parts.options.loaded.get(register) : undefined;
  }

  /**
   * Stores option bytes; they take force at the next reset or launch. With `whenDone`
   * it lasts beyond the call.
   */
  programOptions(values: OptionValues, whenDone?: () => void): OptionStatus {
    const { level, optionsOpen = level < 2 } = this.#parts.protection();
    if (!optionsOpen) return 'locked';
    return this.#may('option-bytes', 'write') ? this.#parts.options.program(values, whenDone) : 'refused';
  }

  /** Whether option bytes in force write-protect the unit. */
  isWriteProtected(unit: EraseUnit): boolean {
    return this.#parts.options.isWriteProtected(unit);
  }
}
