// Registers whose ready or status bits follow enable or select bits at once: clocks and voltages
// that are always stable when software looks (RCC, PWR). Which bit follows which is data of the
// family, in peripheral-sets.ts.

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
