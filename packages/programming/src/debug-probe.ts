// What personalization needs of a debug probe, as one seam: adapters implement it for the debug port of a
// virtual chip today, for ST-LINK and CMSIS-DAP probes later.

import type { Bytes } from '@firmseal/bytes';

export interface DebugProbe {
  /** Attaches to the chip. Throws `probe-refused` when the chip has no debug port any more. */
  connect(): Promise<void>;
  /** Throws `probe-failed` where the chip does not let a debugger read. */
  readMemory(address: number, lengthBytes: number): Promise<Bytes>;
  /**
   * A word at any address that a debugger reaches, registers of peripherals among them; undefined where
   * the chip's bus has nothing there.
   */
  readWord(address: number): Promise<number | undefined>;
  /** The option bytes in force: 32-bit values by the catalogue's register numbers. Throws `probe-failed`. */
  readOptionBytes(): Promise<ReadonlyMap<number, number>>;
  /** Stores whole registers; they take force when the chip is released. Throws `probe-failed`. */
  writeOptionBytes(values: ReadonlyMap<number, number>): Promise<void>;
  /** Erases the erase unit at the address. Throws `probe-failed`. */
  eraseUnit(address: number): Promise<void>;
  /** Programs whole write units. Throws `probe-failed`. */
  program(address: number, bytes: Uint8Array): Promise<void>;
  /** Resets the chip, lets go of it and lets it run. */
  release(): Promise<void>;
}
