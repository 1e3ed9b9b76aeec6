// A block of memory-mapped registers, and the plain kind of it: registers that hold what was written last.
// One file a peripheral stands under peripherals/.

import type { MemoryAccess } from '../silicon/memory-access.ts';

export interface Peripheral {
  readonly name: string;
  readonly addressStart: number;
  readonly sizeBytes: number;
  /**
   * Writes of 8 and 16 bits count as a write of the whole register, zero-extended;
   * otherwise they are merged into it.
   */
  readonly extendsNarrowWrites?: boolean;
  /** Whether readout protection shuts the register as it does the flash. */
  isGuarded?(offset: number): boolean;
  /** The register at a byte offset, a multiple of 4. */
  readRegister(offset: number): number;
  /** `by` is the memory as the master that writes may reach it. May throw PowerLost or ChipReset. */
  writeRegister(offset: number, value: number, by: MemoryAccess): void;
  /** System reset. */
  reset(): void;
  /** Power was lost; absent where a reset does all. */
  losePower?(): void;
}

export interface BlockPlace {
  readonly name: string;
  readonly addressStart: number;
  readonly sizeBytes: number;
  /** Offset to value after a reset; others 0. */
  readonly resetValues?: Readonly<Record<number, number>>;
}

/** Registers that read as last written, or as after reset. */
export class RegisterBlock implements Peripheral {
  readonly name: string;
  readonly addressStart: number;
  readonly sizeBytes: number;
  readonly #resetValues: Readonly<Record<number, number>>;
  readonly #values = new Map<number, number>();

  constructor({ name, addressStart, sizeBytes, resetValues = {} }: BlockPlace) {
    this.name = name;
    this.addressStart = addressStart;
    this.sizeBytes = sizeBytes;
    this.#resetValues = resetValues;
  }

  protected held(offset: number): number {
    return this.#values.get(offset) ?? this.#resetValues[offset] ?? 0;
  }

  protected hold(offset: number, value: number): void {
    this.#values.set(offset, value >>> 0);
  }

  readRegister(offset: number): number {
    return this.held(offset);
  }

  writeRegister(offset: number, value: number, _by: MemoryAccess): void {
    this.hold(offset, value);
  }

  reset(): void {
    this.#values.clear();
  }
}

export interface BackupRegistersPlace {
  readonly addressStart: number;
  /** Offset of the first backup register in the block, and how many of 32 bits there are. */
  readonly firstOffset: number;
  readonly count: number;
  /** Whether readout protection shuts them and a regression erases them; not on F4 (RM0090 3.7.3, table). */
  readonly guarded: boolean;
}

/** The block of RTC or TAMP, which a system reset leaves alone, with the backup registers in it. */
export class BackupRegisterBlock extends RegisterBlock {
  readonly #place: BackupRegistersPlace;

  constructor(place: BackupRegistersPlace) {
    super({ name: 'backup registers', addressStart: place.addressStart, sizeBytes: 0x400 });
    this.#place = place;
  }

  isGuarded(offset: number): boolean {
    const { firstOffset, count, guarded } = this.#place;
    return guarded && offset >= firstOffset && offset < firstOffset + 4 * count;
  }

  /** As a regression of readout protection leaves them. */
  eraseBackupRegisters(): void {
    const { firstOffset, count, guarded } = this.#place;
    if (!guarded) return;
    for (let i = 0; i < count; i++) this.hold(firstOffset + 4 * i, 0);
  }

  override reset(): void {}

  losePower(): void {
    super.reset();
  }
}
