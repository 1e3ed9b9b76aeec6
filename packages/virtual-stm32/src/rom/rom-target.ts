// What a ROM bootloader does to its chip, as one interface: the protocols (uart-bootloader.ts, dfuse-bootloader.ts)
// know no flash, the chip knows no protocol. The operations take simulated time; they resolve when the hardware is done.

/** Erase everything, or one bank of a part with two. */
export type MassErase = 'all' | 'bank1' | 'bank2';

export interface RomTarget {
  /** Product id as Get ID answers it (AN2606: 0x419 for STM32F42x/43x). */
  readonly productId: number;
  /** Readout protection level 1 or higher: most commands are refused then. */
  isReadProtected(): boolean;
  /** Bytes at the address, or undefined where the bootloader may not read. */
  read(address: number, lengthBytes: number): Uint8Array | undefined;
  /** False where the bootloader may not write; a failed program operation is not reported by the ROM either. */
  write(address: number, bytes: Uint8Array): Promise<boolean>;
  /** Erases by the hardware's sector or page number; false when a number does not exist. */
  erase(units: readonly number[]): Promise<boolean>;
  massErase(which: MassErase): Promise<boolean>;
  /** Write protection of the given units, or of none; ends in a reset of the chip. */
  setWriteProtection(units: readonly number[]): Promise<void>;
  /** Raises the readout level to 1; ends in a reset. */
  protectReadout(): Promise<void>;
  /** Lowers the readout level to 0, which erases the main flash; ends in a reset. */
  unprotectReadout(): Promise<void>;
  /** Starts the program whose vector table is at the address; false when the address cannot hold one. */
  go(address: number): boolean;
}
