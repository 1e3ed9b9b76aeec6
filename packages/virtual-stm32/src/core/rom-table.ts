// The ROM table of the core's debug components (IHI 0031, D2; DDI 0403 C1.3): system control space, DWT without
// comparators, FPB.

import { RegisterBlock } from '../bus/peripheral.ts';

const components = [0xe000_e000, 0xe000_1000, 0xe000_2000] as const;
const present = 3;

/** Component identification of a ROM table of class 1 (IHI 0031, D1.2). */
const identification = { 4044: 1, 4080: 0x0d, 4084: 0x10, 4088: 0x05, 4092: 0xb1 };

export class RomTable extends RegisterBlock {
  constructor(addressStart: number) {
    const entries = components.map((address, i) => [
      4 * i,
      ((((address - addressStart) & 0xffff_f000) >>> 0) | present) >>> 0,
    ]);
    super({
      ...{ name: 'ROM table', addressStart, sizeBytes: 0x1000 },
      resetValues: { ...Object.fromEntries(entries), ...identification },
    });
  }

  override writeRegister(): void {}
}
