// Which peripheral an address belongs to. Register space without a model reads as last written, or 0; what is
// modelled and what is not stands in docs/virtual-stm32-machine.md.

import { type Peripheral, RegisterBlock } from './peripheral.ts';

/** Blocks begin and end at a multiple of it in every family. */
const granuleBytes = 0x400;

/** STM32 peripherals (RM0090 2.3, RM0433 2.3) and the private peripheral bus of the core (DDI 0403 B3.1). */
const registerSpace = [
  { addressStart: 0x4000_0000, end: 0x6000_0000 },
  { addressStart: 0xe000_0000, end: 0xe010_0000 },
] as const;

export class PeripheralMap {
  readonly #all: readonly Peripheral[];
  readonly #granules = new Map<number, Peripheral>();
  readonly #unmodelled: readonly RegisterBlock[];

  /** RangeError when two claim one place. */
  constructor(peripherals: readonly Peripheral[]) {
    this.#all = peripherals;
    for (const peripheral of peripherals) this.#enter(peripheral);
    this.#unmodelled = registerSpace.map(
      ({ addressStart, end }) =>
        new RegisterBlock({ name: 'unmodelled', addressStart, sizeBytes: end - addressStart }),
    );
  }

  #enter(peripheral: Peripheral): void {
    const { addressStart, sizeBytes, name } = peripheral;
    for (let at = addressStart; at < addressStart + sizeBytes; at += granuleBytes) {
      const granule = Math.floor(at / granuleBytes);
      const other = this.#granules.get(granule);
      if (other !== undefined) throw new RangeError(`${name} and ${other.name} share an address`);
      this.#granules.set(granule, peripheral);
    }
  }

  /** Undefined where no register can be. */
  at(address: number): Peripheral | undefined {
    return (
      this.#granules.get(Math.floor(address / granuleBytes)) ??
      this.#unmodelled.find(
        (one) => address >= one.addressStart && address < one.addressStart + one.sizeBytes,
      )
    );
  }

  reset(): void {
    for (const one of [...this.#all, ...this.#unmodelled]) one.reset();
  }

  losePower(): void {
    this.reset();
    for (const one of this.#all) one.losePower?.();
  }
}
