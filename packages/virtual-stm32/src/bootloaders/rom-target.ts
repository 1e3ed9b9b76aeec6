// What a ROM bootloader does to its chip, as one interface: the protocols (uart-bootloader.ts,
// dfuse-bootloader.ts) know no flash, the chip knows no protocol. Operations end before the call returns,
// having taken simulated time; any may throw what unwinds firmware (signals.ts).

/** Erase everything, or one bank of a part with two. */
export type MassErase = 'all' | 'bank1' | 'bank2';

/** How long a DfuSe operation is announced to take. */
export type Announced =
  | { readonly kind: 'erase'; readonly address: number }
  | { readonly kind: 'mass-erase' }
  | { readonly kind: 'write'; readonly address: number; readonly lengthBytes: number }
  | { readonly kind: 'other' };

export interface RomTarget {
  /** Product id as Get ID answers it (AN2606: 0x419 for STM32F42x/43x). */
  readonly productId: number;
  /** Readout protection level 1 or higher: most commands are refused then. */
  isReadProtected(): boolean;
  /**
   * How many bytes, at most `mostBytes`, may be read from there: of flash, RAM, option bytes, OTP, system
   * memory, unique id or flash size. 0 elsewhere.
   */
  readableBytes(address: number, mostBytes: number): number;
  /** Whether the whole range may be written; RAM that the bootloader itself uses, system memory: no. */
  canWrite(address: number, lengthBytes: number): boolean;
  /** Undefined where not all of it is readable, or the hardware faults. */
  read(address: number, lengthBytes: number): Uint8Array | undefined;
  /**
   * Call only where canWrite is true. What the flash refuses is not reported, as the ROM does not.
   * `reset-due`: option bytes were programmed, and the protocol resets the chip once it has answered.
   */
  write(address: number, bytes: Uint8Array): 'done' | 'reset-due';
  /** Number of the erase unit that holds the address (from 0 over all banks), or undefined. */
  eraseUnitAt(address: number): number | undefined;
  hasEraseUnit(unit: number): boolean;
  /**
   * Write-protected units stay as they are, and nobody is told. RangeError for a number that does not exist.
   */
  erase(units: readonly number[]): void;
  /** Nothing is erased, and nobody is told, while a unit is write-protected. */
  massErase(which: MassErase): void;
  /** Write protection of exactly the given units, the others are let go. */
  setWriteProtection(units: readonly number[]): void;
  /** Raises the readout level to 1. */
  protectReadout(): void;
  /** Lowers the readout level to 0, which erases the main flash. */
  unprotectReadout(): void;
  /** Loads option bytes by a system reset. */
  reset(): never;
  /** Whether a program can start there: flash or RAM outside the bootloader's own. */
  canGo(address: number): boolean;
  /** Starts the program whose vector table is at the address. */
  go(address: number): never;
  /** Milliseconds, from the typical times of the catalogue, rounded up. */
  announcedMs(operation: Announced): number;
}
