// A GPIO port: what software reads at its input pins (IDR +10; RM0090 8.4.5): the level that
// is driven from outside, else what the pull of PUPDR makes of an open pin. The rest reads as
// last written; outputs go nowhere.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';

const offsets = { mode: 0x00, pull: 0x0c, input: 0x10, output: 0x14, setReset: 0x18, functions: 0x20 };
const pullUp = 1;
const alternateMode = 2;

/** Bit masks over the 16 pins. */
export interface DrivenPins {
  readonly driven: number;
  readonly high: number;
}

export class GpioPort extends RegisterBlock {
  readonly #outside: () => DrivenPins;

  constructor(letter: string, addressStart: number, outside: () => DrivenPins) {
    super({ name: `GPIO${letter}`, addressStart, sizeBytes: 0x400 });
    this.#outside = outside;
  }

  /** The alternate function that a pin was given (MODER, AFRL, AFRH); undefined while it has another mode. */
  functionOf(pin: number): number | undefined {
    if (((this.held(offsets.mode) >>> (2 * pin)) & 3) !== alternateMode) return undefined;
    return (this.held(offsets.functions + (pin < 8 ? 0 : 4)) >>> (4 * (pin % 8))) & 15;
  }

  override readRegister(offset: number): number {
    if (offset !== offsets.input) return super.readRegister(offset);
    const { driven, high } = this.#outside();
    const pulls = this.held(offsets.pull);
    let levels = high & driven;
    for (let pin = 0; pin < 16; pin++)
      if (!((driven >>> pin) & 1) && ((pulls >>> (2 * pin)) & 3) === pullUp) levels |= 1 << pin;
    return levels;
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === offsets.setReset)
      this.hold(offsets.output, (this.held(offsets.output) & ~(value >>> 16)) | (value & 0xffff));
    else super.writeRegister(offset, value, by);
  }
}
