// Multiplications and divisions of ARMv7-M in two halfwords (DDI 0403, A5.3.16 and A5.3.17).

import { longProduct, product, signExtend } from './armv7m-arithmetic.ts';
import type { Armv7mInstruction, Step } from './armv7m-instruction.ts';

export class WideMultiply {
  readonly #on: Armv7mInstruction;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
  }

  decode(first: number, second: number): Step {
    const on = this.#on;
    const [left, right] = [first & 15, second & 15];
    const third = second >>> 12;
    const target = (second >>> 8) & 15;
    const low = (second >>> 4) & 15;
    switch (((first >>> 4) & 15) * 16 + low) {
      case 0x00:
        if (third === 15) return () => on.write(target, Math.imul(on.read(left), on.read(right)));
        return () => {
          on.cycles++;
          on.write(target, on.read(third) + Math.imul(on.read(left), on.read(right)));
        };
      case 0x01:
        return () => {
          on.cycles++;
          on.write(target, on.read(third) - Math.imul(on.read(left), on.read(right)));
        };
      case 0x10:
      case 0x11:
      case 0x12:
      case 0x13:
        return this.#halves(first, second);
      case 0x80:
        return () => this.#writeSigned(third, target, BigInt(on.read(left)) * BigInt(on.read(right)));
      case 0xa0:
        return () => {
          longProduct(on.read(left), on.read(right), 0, 0);
          this.#writeBoth(third, target, 0);
        };
      case 0xc0:
        return () => {
          const whole = BigInt(on.read(left)) * BigInt(on.read(right)) + this.#long(third, target);
          this.#writeSigned(third, target, whole);
        };
      case 0xe0:
        return () => {
          longProduct(on.read(left), on.read(right), on.read(third), 0);
          this.#writeBoth(third, target, on.read(target));
        };
      case 0xe6:
        return () => {
          longProduct(on.read(left), on.read(right), on.read(third), on.read(target));
          this.#writeBoth(third, target, 0);
        };
      case 0x9f:
        return () => {
          on.cycles += 6;
          const by = on.read(right);
          on.write(target, by === 0 ? 0 : Math.trunc(on.read(left) / by) | 0);
        };
      case 0xbf:
        return () => {
          on.cycles += 6;
          const by = on.read(right) >>> 0;
          on.write(target, by === 0 ? 0 : Math.trunc((on.read(left) >>> 0) / by));
        };
      default:
        return () => on.undefined();
    }
  }

  /** SMULBB and SMLABB, and those of the upper halves. */
  #halves(first: number, second: number): Step {
    const on = this.#on;
    const [left, right] = [first & 15, second & 15];
    const third = second >>> 12;
    const target = (second >>> 8) & 15;
    const half = (register: number, isUpper: boolean): number =>
      isUpper ? on.read(register) >> 16 : signExtend(on.read(register), 16);
    return () => {
      const halves = half(left, (second & 0x20) !== 0) * half(right, (second & 0x10) !== 0);
      on.write(target, third === 15 ? halves : on.read(third) + halves);
    };
  }

  #long(low: number, high: number): bigint {
    return (BigInt(this.#on.read(high)) << 32n) | BigInt(this.#on.read(low) >>> 0);
  }

  /** The product, and what is added to its high word. */
  #writeBoth(low: number, high: number, more: number): void {
    const lowWord = product.low;
    const highWord = product.high + more;
    this.#on.write(low, lowWord);
    this.#on.write(high, highWord);
  }

  #writeSigned(low: number, high: number, value: bigint): void {
    this.#on.write(low, Number(value & 0xffff_ffffn));
    this.#on.write(high, Number((value >> 32n) & 0xffff_ffffn));
  }
}
