// What a virtual chip is made from, and what it tells whoever watches it.

import type { Chip } from '@firmseal/chips';
import type { BankMapping, ExecutorFactory } from '../firmware/executor.ts';
import type { SimulatedClock } from '../silicon/clock.ts';
import type { TimingModel } from '../silicon/flash-timing.ts';
import type { KeptState } from '../silicon/kept-state.ts';
import type { PowerCut } from '../silicon/power-supply.ts';
import type { ResetCause } from './signals.ts';

export type ChipEvent =
  | {
      readonly kind: 'started';
      readonly cause: ResetCause;
      readonly from: 'flash' | 'ram' | 'rom-bootloader';
    }
  | { readonly kind: 'no-firmware'; readonly address: number }
  | { readonly kind: 'power-lost'; readonly operations: number; readonly cut: PowerCut | undefined }
  | { readonly kind: 'application-booted'; readonly address: number; readonly mapping: BankMapping }
  | { readonly kind: 'crashed'; readonly error: unknown };

export interface BootedApplication {
  /** Of the vector table, as the CPU sees it with the mapping in force. */
  readonly address: number;
  readonly mapping: BankMapping;
}

export interface VirtualChipOptions {
  readonly chip: Chip;
  /** Fixes unique id, random generator, torn operations and timing. */
  readonly seed: string;
  readonly clock?: SimulatedClock;
  readonly timing?: TimingModel;
  /** Asked in order at each start. */
  readonly executors?: readonly ExecutorFactory[];
  /** Goes on from what a chip of this kind kept (VirtualChip.keep). RangeError when it does not fit. */
  readonly kept?: KeptState;
  /**
   * What becomes of an error of firmware: `throw` gives it to whoever fed the bytes, `stop`
   * tells it as an event only.
   */
  readonly onCrash?: 'throw' | 'stop';
  /** 12 bytes instead of the seeded ones: an attacker's copy of another chip's. */
  readonly uid?: Uint8Array;
  /** Bytes out on the link. May call `receive` again: what it gives is handled after the firmware returns. */
  readonly onLink?: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly onEvent?: (event: ChipEvent) => void;
}
