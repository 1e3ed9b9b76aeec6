// What personalization needs of a debug probe, as one seam: adapters implement it for the debug port of a
// virtual chip today, for ST-LINK and CMSIS-DAP probes later.

import type { Bytes } from '@firmseal/bytes';

export interface DebugProbe {
  /** Attaches to the chip. Throws `probe-refused` when the chip has no debug port any more. */
  connect(): Promise<void>;
  /** Throws `probe-failed` where the chip does not let a debugger read. */
  readMemory(address: number, lengthBytes: number): Promise<Bytes>;
  /** Erases the erase unit at the address. Throws `probe-failed`. */
  eraseUnit(address: number): Promise<void>;
  /** Programs whole write units. Throws `probe-failed`. */
  program(address: number, bytes: Uint8Array): Promise<void>;
  /** Resets the chip, lets go of it and lets it run. */
  release(): Promise<void>;
}
