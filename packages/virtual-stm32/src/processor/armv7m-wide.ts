// Instructions of ARMv7-M in two halfwords (DDI 0403, A5.3).

import {
  bitsReversed,
  byteReversed,
  halvesReversed,
  longProduct,
  rotateRight,
  signExtend,
} from './armv7m-arithmetic.ts';
import type { Armv7mInstruction } from './armv7m-instruction.ts';
import { WideMemory } from './armv7m-wide-memory.ts';
import { BreakInstruction } from './thumb-core.ts';

/** What a register operand or a constant is combined with: the numbers of A5.3.1 and A5.3.11. */
const operations = {
  and: 0,
  bic: 1,
  orr: 2,
  orn: 3,
  eor: 4,
  add: 8,
  adc: 10,
  sbc: 11,
  sub: 13,
  rsb: 14,
} as const;

export class WideInstructions {
  readonly #on: Armv7mInstruction;
  readonly #memory: WideMemory;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
    this.#memory = new WideMemory(on);
  }

  execute(first: number, second: number): void {
    switch ((first >>> 9) & 15) {
      case 0b0100:
        this.#memory.manyOrTwo(first, second);
        return;
      case 0b0101:
        this.#shiftedRegister(first, second);
        return;
      case 0b1000:
      case 0b1001:
      case 0b1010:
      case 0b1011:
        if (second & 0x8000) this.#control(first, second);
        else if (first & 0x200) this.#plainConstant(first, second);
        else this.#constant(first, second);
        return;
      case 0b1100:
        this.#memory.single(first, second);
        return;
      case 0b1101:
        if (first & 0x100) this.#multiply(first, second);
        else this.#registers(first, second);
        return;
      default:
        this.#on.undefined();
        return;
    }
  }

  #shiftedRegister(first: number, second: number): void {
    const on = this.#on;
    const by = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const value = on.read(second & 15);
    const shifted = on.arithmetic.shiftByConstant(value, (second >>> 4) & 3, by, on.core.C);
    this.#combine(first, second, shifted);
  }

  #constant(first: number, second: number): void {
    const on = this.#on;
    const constant = on.arithmetic.expand(this.#twelveBits(first, second), on.core.C);
    this.#combine(first, second, constant);
  }

  #twelveBits(first: number, second: number): number {
    return ((first & 0x400) << 1) | ((second >>> 4) & 0x700) | (second & 0xff);
  }

  /** The second operand is there, and the carry of its shift. Target 15 compares, first operand 15 moves. */
  #combine(first: number, second: number, operand: number): void {
    const on = this.#on;
    const { arithmetic } = on;
    const sets = (first & 0x10) !== 0;
    const source = first & 15;
    const target = (second >>> 8) & 15;
    const a = source === 15 ? 0 : on.read(source);
    const carryIn = on.core.C;
    switch ((first >>> 5) & 15) {
      case operations.and:
        this.#keep(target, sets, a & operand);
        return;
      case operations.bic:
        this.#keep(target, sets, a & ~operand);
        return;
      case operations.orr:
        this.#keep(target, sets, a | operand); // MOV with source 15
        return;
      case operations.orn:
        this.#keep(target, sets, source === 15 ? ~operand : a | ~operand);
        return;
      case operations.eor:
        this.#keep(target, sets, a ^ operand);
        return;
      case operations.add:
        this.#keepSum(target, sets, arithmetic.sum(a, operand, false));
        return;
      case operations.adc:
        this.#keepSum(target, sets, arithmetic.sum(a, operand, carryIn));
        return;
      case operations.sbc:
        this.#keepSum(target, sets, arithmetic.sum(a, ~operand, carryIn));
        return;
      case operations.sub:
        this.#keepSum(target, sets, arithmetic.sum(a, ~operand, true));
        return;
      case operations.rsb:
        this.#keepSum(target, sets, arithmetic.sum(~a, operand, true));
        return;
      default:
        on.undefined(); // PKHBT, PKHTB
        return;
    }
  }

  /** With the carry of the operand's shift. */
  #keep(target: number, sets: boolean, result: number): void {
    const on = this.#on;
    if (target !== 15) on.write(target, result);
    else if (!sets) on.undefined();
    if (!sets) return;
    on.setNZ(result);
    on.core.C = on.arithmetic.carryOut;
  }

  #keepSum(target: number, sets: boolean, result: number): void {
    const on = this.#on;
    if (target !== 15) on.write(target, result);
    else if (!sets) on.undefined();
    if (sets) on.setSumFlags(result);
  }

  /** ADDW, SUBW, ADR, MOVW, MOVT, SBFX, BFI, BFC, UBFX, SSAT, USAT. */
  #plainConstant(first: number, second: number): void {
    const on = this.#on;
    const source = first & 15;
    const target = (second >>> 8) & 15;
    const low = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const high = second & 31;
    const base = source === 15 ? on.pcValue & ~3 : on.read(source);
    const sixteen = (source << 12) | this.#twelveBits(first, second);
    switch ((first >>> 4) & 31) {
      case 0:
        on.write(target, base + this.#twelveBits(first, second));
        return;
      case 10:
        on.write(target, base - this.#twelveBits(first, second));
        return;
      case 4:
        on.write(target, sixteen);
        return;
      case 12:
        on.write(target, (on.read(target) & 0xffff) | (sixteen << 16));
        return;
      case 16:
      case 18:
        this.#saturate(first, second, -(2 ** high), 2 ** high - 1);
        return;
      case 24:
      case 26:
        this.#saturate(first, second, 0, 2 ** high - 1);
        return;
      case 20:
        if (low + high > 31) {
          on.undefined();
          return;
        }
        on.write(target, signExtend(on.read(source) >>> low, high + 1));
        return;
      case 28:
        if (low + high > 31) {
          on.undefined();
          return;
        }
        on.write(target, (on.read(source) >>> low) & maskOf(high + 1));
        return;
      case 22: {
        if (high < low) {
          on.undefined();
          return;
        }
        const mask = (maskOf(high - low + 1) << low) >>> 0;
        const bits = source === 15 ? 0 : (on.read(source) << low) & mask;
        on.write(target, (on.read(target) & ~mask) | bits);
        return;
      }
      default:
        on.undefined();
        return;
    }
  }

  /** A shift by 0 to the right would be SSAT16 or USAT16. The flag Q is not kept. */
  #saturate(first: number, second: number, least: number, most: number): void {
    const on = this.#on;
    const by = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const isRight = (first & 0x20) !== 0;
    if (isRight && by === 0) {
      on.undefined();
      return;
    }
    const value = on.read(first & 15) | 0;
    const shifted = isRight ? value >> by : value << by;
    on.write((second >>> 8) & 15, Math.min(Math.max(shifted, least), most));
  }

  #registers(first: number, second: number): void {
    const on = this.#on;
    if (second >>> 12 !== 15) {
      on.undefined();
      return;
    }
    const kind = (first >>> 4) & 15;
    const target = (second >>> 8) & 15;
    const operand = on.read(second & 15);
    const low = (second >>> 4) & 15;
    const source = first & 15;
    if (kind < 8 && low === 0) {
      const result = on.arithmetic.shift(on.read(source), kind >>> 1, operand & 0xff, on.core.C);
      on.write(target, result);
      if ((kind & 1) === 0) return;
      on.setNZ(result);
      on.core.C = on.arithmetic.carryOut;
    } else if (low >= 8 && [0, 1, 4, 5].includes(kind)) {
      const turned = rotateRight(operand, 8 * (low & 3));
      const bits = kind < 4 ? 16 : 8;
      const extended = kind & 1 ? turned & maskOf(bits) : signExtend(turned, bits);
      on.write(target, source === 15 ? extended : on.read(source) + extended);
    } else if (kind === 9 && low >= 8 && low < 12) {
      const reversals = [
        byteReversed,
        halvesReversed,
        bitsReversed,
        (value: number) => signExtend(halvesReversed(value), 16),
      ];
      on.write(target, reversals[low & 3]!(operand));
    } else if (kind === 11 && low === 8) on.write(target, Math.clz32(operand));
    else on.undefined();
  }

  #multiply(first: number, second: number): void {
    const on = this.#on;
    const a = on.read(first & 15);
    const b = on.read(second & 15);
    const third = second >>> 12;
    const target = (second >>> 8) & 15;
    const low = (second >>> 4) & 15;
    const product = Math.imul(a, b);
    switch (((first >>> 4) & 15) * 16 + low) {
      case 0x00:
        if (third !== 15) on.cycles++;
        on.write(target, third === 15 ? product : on.read(third) + product);
        return;
      case 0x01:
        on.cycles++;
        on.write(target, on.read(third) - product);
        return;
      case 0x80:
        this.#writeLong(third, target, BigInt(a | 0) * BigInt(b | 0));
        return;
      case 0xa0:
        this.#writeBoth(third, target, longProduct(a, b, 0, 0));
        return;
      case 0xc0:
        this.#writeLong(third, target, BigInt(a | 0) * BigInt(b | 0) + this.#long(third, target));
        return;
      case 0xe0: {
        const [low, high] = longProduct(a, b, on.read(third), 0);
        this.#writeBoth(third, target, [low, on.read(target) + high]);
        return;
      }
      case 0xe6:
        this.#writeBoth(third, target, longProduct(a, b, on.read(third), on.read(target)));
        return;
      case 0x10:
      case 0x11:
      case 0x12:
      case 0x13: {
        const halves = (low & 2 ? a >> 16 : signExtend(a, 16)) * (low & 1 ? b >> 16 : signExtend(b, 16));
        on.write(target, third === 15 ? halves : on.read(third) + halves);
        return;
      }
      case 0x9f:
        on.cycles += 6;
        on.write(target, b === 0 ? 0 : Math.trunc((a | 0) / (b | 0)) | 0);
        return;
      case 0xbf:
        on.cycles += 6;
        on.write(target, b === 0 ? 0 : Math.trunc(a / b));
        return;
      default:
        on.undefined();
        return;
    }
  }

  #long(low: number, high: number): bigint {
    return (BigInt(this.#on.read(high)) << 32n) | BigInt(this.#on.read(low));
  }

  #writeBoth(low: number, high: number, [a, b]: readonly [number, number]): void {
    this.#on.write(low, a);
    this.#on.write(high, b);
  }

  #writeLong(low: number, high: number, value: bigint): void {
    this.#on.write(low, Number(value & 0xffff_ffffn));
    this.#on.write(high, Number((value >> 32n) & 0xffff_ffffn));
  }

  /** Branches, barriers, special registers, hints. */
  #control(first: number, second: number): void {
    const on = this.#on;
    if (second & 0x1000) {
      // B, BL: the two bits below the sign are stored as not equal to it.
      const sign = (first >>> 10) & 1;
      const [i1, i2] = [((second >>> 13) & 1) ^ sign ^ 1, ((second >>> 11) & 1) ^ sign ^ 1];
      const offset =
        (sign << 24) | (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
      if (second & 0x4000) on.write(14, on.next | 1);
      on.branch(on.pcValue + signExtend(offset, 25));
      return;
    }
    if (second & 0x4000) {
      this.#endsOrUndefined(first, second);
      return;
    }
    if ((first & 0x380) !== 0x380) {
      if (!on.core.checkCondition((first >>> 6) & 15)) return;
      const offset =
        ((first & 0x400) << 10) |
        ((second & 0x800) << 8) |
        ((second & 0x2000) << 5) |
        ((first & 0x3f) << 12) |
        ((second & 0x7ff) << 1);
      on.branch(on.pcValue + signExtend(offset, 21));
      return;
    }
    const what = first >>> 4;
    if (what === 0xf38) on.core.writeSpecialRegister(second & 0xff, on.read(first & 15));
    else if (what === 0xf3e) on.write((second >>> 8) & 15, on.core.readSpecialRegister(second & 0xff));
    else if (what === 0xf3a) on.hint(second & 0xff);
    else if (what === 0xf3b && ((second >>> 4) & 15) >= 4)
      return; // DSB, DMB, ISB
    else if (what === 0xf3b && ((second >>> 4) & 15) === 2) on.core.exclusive = 0;
    else this.#endsOrUndefined(first, second);
  }

  #endsOrUndefined(first: number, second: number): void {
    if (first >>> 4 === 0xf7f && second >>> 12 === 10) throw new BreakInstruction();
    this.#on.undefined();
  }
}

const maskOf = (bits: number): number => (bits >= 32 ? 0xffff_ffff : 2 ** bits - 1);
