// Types of what the catalogue says of the flash: erase units and what write-protects them,
// banks, ways to program, times, and the controller's registers. Addresses are byte addresses,
// sizes bytes, times microseconds.

import type { Range } from './range.ts';

/** A sector or page: the least that the flash erases at once. */
export interface EraseUnit {
  /** Position among all units of the chip, by address, from 0. */
  readonly index: number;
  readonly bank: number;
  /** Number of the sector as the reference manual counts it (F427: 0 to 23; H743: 0 to 7 in each bank). */
  readonly ordinal: number;
  /** What goes into the sector number field of the flash controller. */
  readonly eraseCode: number;
  readonly addressStart: number;
  readonly sizeBytes: number;
  readonly writeProtect: WriteProtection;
}

/**
 * A pair of option fields (F427 has none): units of the bank whose number lies from
 * start to end are protected.
 */
export interface WriteProtectRange {
  readonly startField: string;
  readonly endField: string;
}

/**
 * How option bytes write-protect an erase unit. `bit`: a bit of its own, or shared with its
 * neighbours, that is 1 while the unit may be written (F4, H7, H5). `ranges`: protected while
 * `position`, the unit's number within its bank, lies in one of the bank's ranges; a range whose start
 * is above its end protects nothing (G0, L4, U5).
 */
export type WriteProtection =
  | { readonly kind: 'bit'; readonly register: number; readonly bit: number }
  | { readonly kind: 'ranges'; readonly position: number; readonly ranges: readonly WriteProtectRange[] };

export interface FlashBank extends Range {
  readonly number: number;
}

export interface FlashAlias {
  readonly name: string;
  readonly addressStart: number;
  readonly target: number;
  readonly length: number;
  readonly meaning: string;
}

/**
 * A way to program: so many bits at once, or a `row` (fast programming: G0, L4) or `burst` (U5) in one go.
 * Row and burst are ways to program only; an erase takes as long as at the chip's default.
 */
export type Parallelism = 'x8' | 'x16' | 'x32' | 'x64' | 'x128' | 'row' | 'burst';
export type TimingCase = 'typical' | 'maximum';

export interface Timing {
  readonly typicalUs: number;
  readonly maximumUs: number;
}

export type TimingByParallelism = Readonly<Partial<Record<Parallelism, Timing>>>;

export interface WriteMode {
  readonly parallelism: Parallelism;
  /** Bytes of one program operation in this mode. */
  readonly unitBytes: number;
  /** Only with 8 to 9 V on VPP; not for boards in the field. */
  readonly externalVpp: boolean;
  /** What must have been erased since it was last programmed; without it, the units written. */
  readonly requires?: 'erased-bank';
}

/** The flash controller as software that runs beside it meets it. */
export interface FlashController {
  readonly kind: 'f4' | 'h7' | 'g0' | 'l4' | 'u5' | 'h5';
  readonly registerBase: number;
  /** Distance from a register of bank 1 to that of bank 2, where each bank has its own set (H7). */
  readonly bankStride: number;
  /** The same registers for secure software, where there is TrustZone. */
  readonly secureRegisterBase?: number;
  /** Unlock keys of the control register and of the option bytes, in the order in which they are written. */
  readonly keys: readonly [number, number];
  readonly optionKeys: readonly [number, number];
  readonly source: string;
}
