// Registers whose ready or status bits follow enable or select bits at once: clocks and voltages
// that are always stable when software looks (RCC, PWR). Which bit follows which is data of the
// family, in peripheral-sets.ts.

import type { SupplyMonitor } from '@firmseal/chips';
import { type BlockPlace, RegisterBlock } from './peripheral.ts';

/** `width` bits from `to` read as the `width` bits from `from`. */
interface Following {
  readonly register: number;
  readonly to: number;
  /** The register with the enable bits, when it is another one. */
  readonly fromRegister?: number;
  readonly from: number;
  readonly width?: number;
}

export interface ReadyFlagsPlace extends BlockPlace {
  readonly following: readonly Following[];
  /** Bits that always read as 1. */
  readonly always?: Readonly<Record<number, number>>;
}

export class ReadyFlags extends RegisterBlock {
  readonly #place: ReadyFlagsPlace;

  constructor(place: ReadyFlagsPlace) {
    super(place);
    this.#place = place;
  }

  override readRegister(offset: number): number {
    let value = super.readRegister(offset) | (this.#place.always?.[offset] ?? 0);
    for (const { register, to, fromRegister = register, from, width = 1 } of this.#place.following) {
      if (register !== offset) continue;
      const mask = (1 << width) - 1;
      value = (value & ~(mask << to)) | (((this.held(fromRegister) >>> from) & mask) << to);
    }
    return value >>> 0;
  }
}

/** PWR with its programmable voltage detector, which reads 0 while it is off. */
export class PowerControl extends ReadyFlags {
  readonly #monitor: SupplyMonitor | undefined;
  readonly #millivolts: () => number;

  constructor(place: ReadyFlagsPlace, monitor: SupplyMonitor | undefined, millivolts: () => number) {
    super(place);
    this.#monitor = monitor;
    this.#millivolts = millivolts;
  }

  override readRegister(offset: number): number {
    const value = super.readRegister(offset);
    const monitor = this.#monitor;
    if (monitor === undefined || this.addressStart + offset !== monitor.statusAddress) return value;
    const control = this.held(monitor.controlAddress - this.addressStart);
    const level = (control >>> monitor.levelShifts[0]!) & 7;
    const enabled = ((control >>> monitor.enableBit) & 1) === 1;
    const threshold = monitor.fallingMillivolts[level] ?? 0;
    const low = enabled && this.#millivolts() < threshold ? 2 ** monitor.lowBit : 0;
    return ((value & ~(2 ** monitor.lowBit)) | low) >>> 0;
  }
}
