// The seam "programmer of a chip": what every way of programming a chip can do, whichever cable leads to it.
// Implementations: ways/. What is built on it: verify.ts, flash/. One conformance suite holds them all
// (`@firmseal/programming/testing`).

import type { Bytes } from '@firmseal/bytes';
import type { Chip, EraseUnit, OptionValues, OptionWay } from '@firmseal/chips';
import type { Segment } from '@firmseal/image';

/** What the chip says of itself; a field is absent where the way does not show it, or protection hides it. */
export interface ChipIdentity {
  /** 12 bits (UART: the product id of the bootloader). */
  readonly deviceId?: number;
  /** Revision of the silicon, 16 bits of DBGMCU_IDCODE. */
  readonly revision?: number;
  readonly flashSizeBytes?: number;
  readonly uniqueId?: Bytes;
  /** The byte that names the version of the ROM bootloader. */
  readonly bootloaderVersion?: number;
  /**
   * What a ROM bootloader says that it can do: its commands as `0x31` over a UART, the names of its settings
   * over USB.
   */
  readonly romInterface?: readonly string[];
  /** Of a chip that has product states in place of readout levels (H5), by its debug port. */
  readonly productState?: string;
  /** Memory does not let itself be read: readout level 1, or a state that counts as it. */
  readonly readProtected: boolean;
}

export interface ChipProgrammer {
  readonly chip: Chip;
  readonly way: Exclude<OptionWay, 'agent'>;

  /** Asks the chip what it is and changes nothing. Throws `chip-is-another`, `chip-flash-smaller`. */
  identify(): Promise<ChipIdentity>;

  /**
   * Reads any address that the way reaches. `onBlock` gets each block and its offset, and ends the read early
   * by returning false; what was read so far is returned then.
   */
  read(
    address: number,
    lengthBytes: number,
    onBlock?: (block: Uint8Array, offset: number) => boolean,
  ): Promise<Bytes>;

  /**
   * Erases units. That it returns does not mean that they are erased: ROM bootloaders do not say that write
   * protection was in the way. `onErased` gets the number of units done so far.
   */
  eraseUnits(units: readonly EraseUnit[], onErased?: (units: number) => void): Promise<void>;

  /** Erases the whole flash, with the same reservation. */
  eraseAll(): Promise<void>;

  /**
   * Programs erased flash: `address` and length are multiples of the chip's write unit. That it returns does
   * not mean that it is there. `onBlock` gets the bytes done so far.
   */
  write(address: number, bytes: Uint8Array, onBlock?: (bytes: number) => void): Promise<void>;

  /**
   * Whether flash holds the segments, where the way finds it out faster than by reading them. False says
   * nothing yet: reading does.
   */
  holds?(segments: readonly Segment[]): Promise<boolean>;

  /** The option bytes in force, of the registers that this way reaches. */
  readOptions(): Promise<OptionValues>;

  /**
   * Programs whole registers and brings them into force, by a reset of the chip; the connection is made
   * again. Throws `option-not-reachable`. The registers that the way reaches are those that readOptions
   * gives.
   */
  writeOptions(values: OptionValues): Promise<void>;

  /** Readout level 1; the connection is made again. Nothing of the flash can be read then. */
  protect(): Promise<void>;

  /** Readout level 0 from level 1, which erases the whole flash; the connection is made again. */
  unprotect(): Promise<void>;

  /** Starts the program whose vector table is at the address. The connection may be gone then. */
  start(address: number): Promise<void>;

  /**
   * Lets the chip run the program at the address as it will in the field, and lets go of it: by a reset where
   * the way can reset it and its boot settings lead there, by a jump from a ROM bootloader.
   */
  boot(address: number): Promise<void>;

  /** Lets go of the chip. */
  close(): Promise<void>;
}
