// What OTG needs of the rest of the chip before it works: its bus clock, 48 MHz that are good enough,
// the supply of its transceiver and its pins. USB 2.0, 7.1.11 allows a full-speed device 0.25 %:
// neither HSI of an F4 nor HSI48 of an H7 keeps that by itself. RM0090 6.3; RM0433 8.7, 6.8.4
// (PWR_CR3) and the chapter on CRS.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';
import type { UsbClock } from './usb-core.ts';

type Register = (offset: number) => number;

/** Where OTG stands and what it hangs on, as data of the family. */
export interface UsbPlace {
  readonly addressStart: number;
  readonly isFirst: boolean;
  readonly fifoWords: number;
  /** Offset in RCC and bit of its bus clock. */
  readonly gate: { readonly register: number; readonly bit: number };
  /** Bit of PWR_CR3 that connects the supply of the transceiver; undefined on a chip without that bit. */
  readonly supplyBit: number | undefined;
  /** Alternate function of PA11 and PA12. */
  readonly pinFunction: number;
  readonly clock: (rcc: Register, trimmed: () => boolean, crystalHz: number | undefined) => UsbClock;
  /** The timer that measures the oscillator of the board; undefined when that timer is not modelled. */
  readonly crystalTimer: number | undefined;
  readonly recovery:
    | { readonly addressStart: number; readonly gate: { readonly register: number; readonly bit: number } }
    | undefined;
}

const wantedHz = 48_000_000;
const tolerance = 0.0025;
const bits = (value: number, lsb: number, width: number): number => (value >>> lsb) & (2 ** width - 1);

/** Q of the PLL; exact only from a crystal (or a clock from outside) and at 48 MHz. */
export const f4UsbClock: UsbPlace['clock'] = (rcc, _, crystalHz) => {
  const pll = rcc(0x04);
  const fromCrystal = bits(pll, 22, 1) === 1;
  if (
    bits(rcc(0x00), 24, 1) === 0 ||
    (fromCrystal && (crystalHz === undefined || bits(rcc(0x00), 16, 1) === 0))
  )
    return 'none';
  const input = fromCrystal ? crystalHz! : 16_000_000;
  const madeHz = (input / (bits(pll, 0, 6) || 1)) * (bits(pll, 6, 9) / (bits(pll, 24, 4) || 1));
  return fromCrystal && Math.abs(madeHz / wantedHz - 1) <= tolerance ? 'exact' : 'rough';
};

/** HSI48, chosen in D2CCIP2R; exact once CRS trims it by the frames of the host. */
export const h7UsbClock: UsbPlace['clock'] = (rcc, trimmed) => {
  if (bits(rcc(0x54), 20, 2) !== 3 || bits(rcc(0x00), 13, 1) === 0) return 'none';
  return trimmed() ? 'exact' : 'rough';
};

const recovery = { control: 0x00, configuration: 0x04, flags: 0x08, clear: 0x0c } as const;
const counterOn = 1 << 5;
const trimsItself = 1 << 6;
const synchronized = 1;
/** 48 MHz in a frame of 1 ms, less one. */
const reloadWanted = 47_999;

export interface ClockRecoveryParts {
  readonly addressStart: number;
  readonly isClocked: () => boolean;
  readonly sendsFrames: () => boolean;
  /** The value of SYNCSRC by which this chip means the start of frame of its second OTG. */
  readonly frameSource: () => number;
}

/**
 * CRS: trims HSI48 by the host's frames. Its reference manual's revisions, and ST's headers, give SYNCSRC 0
 * or 3 for the second OTG of an H743: a chip of this model knows one of them, which a test chooses.
 */
export class ClockRecovery extends RegisterBlock {
  readonly #parts: ClockRecoveryParts;

  constructor(parts: ClockRecoveryParts) {
    super({
      ...{ name: 'CRS', addressStart: parts.addressStart, sizeBytes: 0x400 },
      resetValues: { [recovery.control]: 0x2000, [recovery.configuration]: 0x2022_bb7f },
    });
    this.#parts = parts;
  }

  get isTrimmed(): boolean {
    const control = this.held(recovery.control);
    const configuration = this.held(recovery.configuration);
    return (
      this.#parts.isClocked() &&
      (control & (counterOn | trimsItself)) === (counterOn | trimsItself) &&
      configuration >>> 28 === this.#parts.frameSource() &&
      (configuration & 0xffff) === reloadWanted &&
      this.#parts.sendsFrames()
    );
  }

  override readRegister(offset: number): number {
    if (!this.#parts.isClocked()) return 0;
    return offset === recovery.flags ? (this.isTrimmed ? synchronized : 0) : super.readRegister(offset);
  }

  /** The configuration cannot be changed while the counter is on. */
  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (!this.#parts.isClocked()) return;
    if (offset === recovery.configuration && (this.held(recovery.control) & counterOn) !== 0) return;
    super.writeRegister(offset, value, by);
  }
}
