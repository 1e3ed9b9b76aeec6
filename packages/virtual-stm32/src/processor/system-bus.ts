// The bus as one master sees it: 8, 16 and 32 bits at any address go to memory under the rules of
// MemoryAccess, to the flash controller (a store into flash programs it), or to registers.
// Undefined and false are bus faults.

import type { Chip } from '@firmseal/chips';
import type { Peripheral } from '../peripherals/peripheral.ts';
import type { PeripheralMap } from '../peripherals/peripheral-map.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';

export type AccessBytes = 1 | 2 | 4;

/** The controller's side of a store that hits flash or OTP. */
export interface FlashStores extends Peripheral {
  /** One store of 1, 2 or 4 bytes; what is wrong with it shows in the status register. */
  store(by: MemoryAccess, address: number, bytes: Uint8Array): void;
  /** A read met a word whose error correcting code is broken. */
  noteBrokenRead(address: number): void;
  /** A read of flash was refused: a data read of what can only be executed, or by readout protection. */
  noteProtectedRead(address: number, by: 'pcrop' | 'readout'): void;
  /** Keeps keys, flags, registers and halves of words as they are; what it gives puts them back. */
  keep(): () => void;
}

export interface SystemBusParts {
  readonly chip: Chip;
  readonly memory: MemoryAccess;
  readonly peripherals: PeripheralMap;
  readonly flashController: FlashStores;
  /** Makes the non-maskable interrupt of the core pending. */
  readonly raiseNmi: () => void;
}

/** Bytes of a ROM around the factory's information, which reads as 0xFF where nothing is known of it. */
const informationPageBytes = 0x400;

const mask = (sizeBytes: AccessBytes): number => (sizeBytes === 4 ? 0xffff_ffff : (1 << (8 * sizeBytes)) - 1);

function fromBytes(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8) | bytes[i]!;
  return value >>> 0;
}

function toBytes(value: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = value >>> (8 * i);
  return bytes;
}

export class SystemBus {
  readonly #parts: SystemBusParts;

  constructor(parts: SystemBusParts) {
    this.#parts = parts;
  }

  /** Memory as this master may reach it. */
  get memory(): MemoryAccess {
    return this.#parts.memory;
  }

  /** Unsigned; undefined is a bus fault, also for an address that is not a multiple of the size. */
  read(aliased: number, sizeBytes: AccessBytes): number | undefined {
    if (aliased % sizeBytes !== 0) return undefined;
    const { memory, peripherals, flashController } = this.#parts;
    const address = memory.resolve(aliased);
    const bytes = memory.read(address, sizeBytes);
    if (typeof bytes !== 'string') return fromBytes(bytes);
    if (bytes === 'ecc-fault') return this.#readBroken(address, sizeBytes);
    if (memory.holds(address)) {
      if (memory.isExecuteOnly(address)) flashController.noteProtectedRead(address, 'pcrop');
      else if (memory.isFlash(address)) flashController.noteProtectedRead(address, 'readout');
      return undefined;
    }
    const rom = this.#readRom(address, sizeBytes);
    if (rom !== undefined) return rom;
    const peripheral = peripherals.at(address);
    if (peripheral === undefined) return undefined;
    const offset = address - peripheral.addressStart;
    if (peripheral.isGuarded?.(offset) && !memory.reachesBackupRegisters) return 0;
    const word = peripheral.readRegister(offset & ~3);
    return ((word >>> (8 * (offset & 3))) & mask(sizeBytes)) >>> 0;
  }

  /** An instruction of 2 bytes; undefined is a bus fault. */
  fetch(address: number): number | undefined {
    const bytes = this.#parts.memory.fetch(address);
    if (bytes === 'ecc-fault') return this.#readBroken(address, 2);
    return typeof bytes === 'string' ? undefined : fromBytes(bytes);
  }

  /**
   * A word whose code does not match: a bus fault, or the word as it is and an
   * interrupt that cannot be masked.
   */
  #readBroken(address: number, sizeBytes: AccessBytes): number | undefined {
    const { chip, memory, flashController } = this.#parts;
    flashController.noteBrokenRead(address);
    if (chip.write.brokenRead !== 'nmi') return undefined;
    this.#parts.raiseNmi();
    return fromBytes(memory.readBroken(address, sizeBytes));
  }

  /** False is a bus fault. */
  write(aliased: number, sizeBytes: AccessBytes, value: number): boolean {
    if (aliased % sizeBytes !== 0) return false;
    const { memory, peripherals, flashController } = this.#parts;
    const address = memory.resolve(aliased);
    const bytes = toBytes(value, sizeBytes);
    if (memory.writeRam(address, bytes) === 'ok') return true;
    if (memory.holds(address)) {
      if (memory.isRam(address)) return false;
      flashController.store(memory, address, bytes);
      return true;
    }
    const peripheral = peripherals.at(address);
    if (peripheral === undefined) return false;
    const offset = address - peripheral.addressStart;
    if (peripheral.isGuarded?.(offset) && !memory.reachesBackupRegisters) return true;
    const shift = 8 * (offset & 3);
    const extended = ((value & mask(sizeBytes)) << shift) >>> 0;
    const whole = sizeBytes === 4 || peripheral.extendsNarrowWrites === true;
    const others = whole ? 0 : peripheral.readRegister(offset & ~3) & ~(mask(sizeBytes) << shift);
    peripheral.writeRegister(offset & ~3, (others | extended) >>> 0, memory);
    return true;
  }

  /** System memory: the parts that the catalogue knows are MemoryAccess's; ST's code itself is not there. */
  #readRom(address: number, sizeBytes: AccessBytes): number | undefined {
    const { chip, memory } = this.#parts;
    const { uniqueIdAddress, flashSizeAddress } = chip.identity;
    const inPage = (one: number) =>
      Math.floor(address / informationPageBytes) === Math.floor(one / informationPageBytes);
    const { addressStart, length } = chip.romBootloader;
    const inRom = address >= addressStart && address < addressStart + length;
    if (!inRom && !inPage(uniqueIdAddress) && !inPage(flashSizeAddress)) return undefined;
    if (!memory.readsInformation) return undefined;
    const bytes = new Uint8Array(sizeBytes).fill(0xff);
    for (let i = 0; i < sizeBytes; i++) {
      const known = memory.read(address + i, 1);
      if (typeof known !== 'string') bytes[i] = known[0]!;
    }
    return fromBytes(bytes);
  }
}
