// A GPIO port: what software reads at its input pins (IDR +10; RM0090 8.4.5); the rest reads as last written. BSRR sets
// and resets bits of ODR, and outputs go nowhere.

import { RegisterBlock } from '../bus/peripheral.ts';
import type { MemoryAccess } from '../memory-access.ts';

const offsets = { input: 0x10, output: 0x14, setReset: 0x18 };

export class GpioPort extends RegisterBlock {
  readonly #levels: () => number;

  /** `levels`: one bit a pin, as it is driven from outside. */
  constructor(letter: string, addressStart: number, levels: () => number) {
    super({ name: `GPIO${letter}`, addressStart, sizeBytes: 0x400 });
    this.#levels = levels;
  }

  override readRegister(offset: number): number {
    return offset === offsets.input ? this.#levels() & 0xffff : super.readRegister(offset);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === offsets.setReset)
      this.hold(offsets.output, (this.held(offsets.output) & ~(value >>> 16)) | (value & 0xffff));
    else super.writeRegister(offset, value, by);
  }
}
