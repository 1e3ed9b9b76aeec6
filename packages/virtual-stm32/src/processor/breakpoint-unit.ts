// FPB: hardware breakpoints on code addresses, in both versions of its registers (DDI 0403 C1.11,
// DDI 0419 C1.8 for the smaller one of ARMv6-M, ARMv8-M's with a whole address). Remapping and
// literal comparators are not modelled.

import { RegisterBlock } from '../peripherals/peripheral.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';

const comparatorsStart = 8;
const key = 2;

export class BreakpointUnit extends RegisterBlock {
  readonly #comparators: number;
  readonly #version: 1 | 2;
  #addresses = new Set<number>();

  /** Version 2 is that of Cortex-M7 and M33. */
  constructor(parts: {
    readonly comparators: number;
    readonly version: 1 | 2;
    /** Identification registers, by offset. */
    readonly identity: Readonly<Record<number, number>>;
  }) {
    const { comparators, version, identity } = parts;
    super({ name: 'FPB', addressStart: 0xe000_2000, sizeBytes: 0x1000, resetValues: identity });
    this.#comparators = comparators;
    this.#version = version;
  }

  /** Instruction addresses at which the core halts; empty while the unit is off. */
  get addresses(): ReadonlySet<number> {
    return this.#addresses;
  }

  override readRegister(offset: number): number {
    if (offset !== 0) return super.readRegister(offset);
    const version = this.#version === 2 ? 1 << 28 : 0;
    return version | (this.#comparators << 4) | (this.held(0) & 1);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === 0 && !(value & key)) return;
    super.writeRegister(offset, value, by);
    this.#addresses = new Set(this.held(0) & 1 ? this.#enabled() : []);
  }

  *#enabled(): Generator<number> {
    for (let i = 0; i < this.#comparators; i++) {
      const value = this.held(comparatorsStart + 4 * i);
      if (!(value & 1)) continue;
      if (this.#version === 2) yield (value & ~1) >>> 0;
      else {
        const word = value & 0x1fff_fffc;
        if (value & (1 << 30)) yield word;
        if (value & 0x8000_0000) yield word + 2;
      }
    }
  }

  /** Belongs to the debugger: a system reset leaves it. */
  override reset(): void {}

  losePower(): void {
    super.reset();
    this.#addresses = new Set();
  }
}
