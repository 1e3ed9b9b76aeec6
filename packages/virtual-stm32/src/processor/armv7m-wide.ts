// Instructions of ARMv7-M in two halfwords (DDI 0403, A5.3).

import {
  bitsReversed,
  byteReversed,
  halvesReversed,
  rotateRight,
  shifts,
  signExtend,
} from './armv7m-arithmetic.ts';
import type { Armv7mInstruction, Step } from './armv7m-instruction.ts';
import { WideMemory } from './armv7m-wide-memory.ts';
import { WideMultiply } from './armv7m-wide-multiply.ts';
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

/** What a move reads as its first operand. */
const zeros = new Int32Array(16);

const reversals = [
  byteReversed,
  halvesReversed,
  bitsReversed,
  (value: number) => signExtend(halvesReversed(value), 16),
];

export class WideInstructions {
  readonly #on: Armv7mInstruction;
  readonly #memory: WideMemory;
  readonly #multiply: WideMultiply;
  readonly #undefined: Step;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
    this.#memory = new WideMemory(on);
    this.#multiply = new WideMultiply(on);
    this.#undefined = () => on.undefined();
  }

  decode(first: number, second: number): Step {
    switch ((first >>> 9) & 15) {
      case 0b0100:
        return this.#memory.manyOrTwo(first, second);
      case 0b0101:
        return this.#shiftedRegister(first, second);
      case 0b1000:
      case 0b1001:
      case 0b1010:
      case 0b1011:
        if (second & 0x8000) return this.#control(first, second);
        return first & 0x200 ? this.#plainConstant(first, second) : this.#constant(first, second);
      case 0b1100:
        return this.#memory.single(first, second);
      case 0b1101:
        return first & 0x100 ? this.#multiply.decode(first, second) : this.#registers(first, second);
      default:
        return this.#undefined;
    }
  }

  #shiftedRegister(first: number, second: number): Step {
    const on = this.#on;
    const { core, arithmetic } = on;
    const by = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const kind = (second >>> 4) & 3;
    const source = second & 15;
    const combine = this.#combine(first, second);
    if (by === 0 && kind === shifts.lsl)
      return () => {
        arithmetic.carryOut = core.C;
        combine(on.read(source));
      };
    return () => combine(arithmetic.shiftByConstant(on.read(source), kind, by, core.C));
  }

  /** A constant that is no rotated byte leaves the carry as it is. */
  #constant(first: number, second: number): Step {
    const { core, arithmetic } = this.#on;
    const bits = this.#twelveBits(first, second);
    const combine = this.#combine(first, second);
    const constant = arithmetic.expand(bits, false);
    const carry = arithmetic.carryOut;
    const isRotated = bits >= 0x400;
    return () => {
      arithmetic.carryOut = isRotated ? carry : core.C;
      combine(constant);
    };
  }

  #twelveBits(first: number, second: number): number {
    return ((first & 0x400) << 1) | ((second >>> 4) & 0x700) | (second & 0xff);
  }

  /**
   * What is done with the second operand when it is there, and the carry of its shift. Target 15
   * compares, first operand 15 moves.
   */
  #combine(first: number, second: number): (operand: number) => void {
    const { core, registers, arithmetic } = this.#on;
    const source = first & 15;
    const target = (second >>> 8) & 15;
    const sets = (first & 0x10) !== 0;
    if (target === 15 && !sets) return this.#undefined;
    const keep = this.#keep(target, sets);
    const keepSum = this.#keepSum(target, sets);
    const r = source === 15 ? zeros : registers;
    switch ((first >>> 5) & 15) {
      case operations.and:
        return (operand) => keep(r[source]! & operand);
      case operations.bic:
        return (operand) => keep(r[source]! & ~operand);
      case operations.orr:
        return source === 15 ? keep : (operand) => keep(r[source]! | operand);
      case operations.orn:
        return (operand) => keep(r[source]! | ~operand);
      case operations.eor:
        return (operand) => keep(r[source]! ^ operand);
      case operations.add:
        return (operand) => keepSum(arithmetic.sum(r[source]!, operand, false));
      case operations.adc:
        return (operand) => keepSum(arithmetic.sum(r[source]!, operand, core.C));
      case operations.sbc:
        return (operand) => keepSum(arithmetic.sum(r[source]!, ~operand, core.C));
      case operations.sub:
        return (operand) => keepSum(arithmetic.sum(r[source]!, ~operand, true));
      case operations.rsb:
        return (operand) => keepSum(arithmetic.sum(~r[source]!, operand, true));
      default:
        return this.#undefined; // PKHBT, PKHTB
    }
  }

  /** With the carry of the operand's shift. */
  #keep(target: number, sets: boolean): (result: number) => void {
    const on = this.#on;
    const { core, arithmetic } = on;
    if (!sets) return (result) => on.write(target, result);
    return (result) => {
      if (target !== 15) on.write(target, result);
      on.setNZ(result);
      core.C = arithmetic.carryOut;
    };
  }

  #keepSum(target: number, sets: boolean): (result: number) => void {
    const on = this.#on;
    if (!sets) return (result) => on.write(target, result);
    return (result) => {
      if (target !== 15) on.write(target, result);
      on.setSumFlags(result);
    };
  }

  /** ADDW, SUBW, ADR, MOVW, MOVT, SBFX, BFI, BFC, UBFX, SSAT, USAT. */
  #plainConstant(first: number, second: number): Step {
    const on = this.#on;
    const source = first & 15;
    const target = (second >>> 8) & 15;
    const low = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const high = second & 31;
    const bits = this.#twelveBits(first, second);
    const sixteen = (source << 12) | bits;
    const base = source === 15 ? () => on.pcValue & ~3 : () => on.read(source);
    switch ((first >>> 4) & 31) {
      case 0:
        return () => on.write(target, base() + bits);
      case 10:
        return () => on.write(target, base() - bits);
      case 4:
        return () => on.write(target, sixteen);
      case 12:
        return () => on.write(target, (on.read(target) & 0xffff) | (sixteen << 16));
      case 16:
      case 18:
        return this.#saturate(first, second, { least: -(2 ** high), most: 2 ** high - 1 });
      case 24:
      case 26:
        return this.#saturate(first, second, { least: 0, most: 2 ** high - 1 });
      case 20:
        if (low + high > 31) return this.#undefined;
        return () => on.write(target, signExtend(on.read(source) >>> low, high + 1));
      case 28: {
        if (low + high > 31) return this.#undefined;
        const mask = maskOf(high + 1);
        return () => on.write(target, (on.read(source) >>> low) & mask);
      }
      case 22: {
        if (high < low) return this.#undefined;
        const mask = maskOf(high - low + 1) << low;
        if (source === 15) return () => on.write(target, on.read(target) & ~mask);
        return () => on.write(target, (on.read(target) & ~mask) | ((on.read(source) << low) & mask));
      }
      default:
        return this.#undefined;
    }
  }

  /** A shift by 0 to the right would be SSAT16 or USAT16. The flag Q is not kept. */
  #saturate(first: number, second: number, { least, most }: { least: number; most: number }): Step {
    const on = this.#on;
    const by = ((second >>> 10) & 0x1c) | ((second >>> 6) & 3);
    const isRight = (first & 0x20) !== 0;
    if (isRight && by === 0) return this.#undefined;
    const [source, target] = [first & 15, (second >>> 8) & 15];
    return () => {
      const value = on.read(source);
      const shifted = isRight ? value >> by : value << by;
      on.write(target, Math.min(Math.max(shifted, least), most));
    };
  }

  #registers(first: number, second: number): Step {
    const on = this.#on;
    const { core, arithmetic } = on;
    if (second >>> 12 !== 15) return this.#undefined;
    const kind = (first >>> 4) & 15;
    const target = (second >>> 8) & 15;
    const operand = second & 15;
    const low = (second >>> 4) & 15;
    const source = first & 15;
    if (kind < 8 && low === 0)
      return () => {
        const result = arithmetic.shift(on.read(source), kind >>> 1, on.read(operand) & 0xff, core.C);
        on.write(target, result);
        if ((kind & 1) === 0) return;
        on.setNZ(result);
        core.C = arithmetic.carryOut;
      };
    if (low >= 8 && [0, 1, 4, 5].includes(kind)) {
      const turn = 8 * (low & 3);
      const bits = kind < 4 ? 16 : 8;
      const mask = maskOf(bits);
      const extended = (value: number): number =>
        kind & 1 ? rotateRight(value, turn) & mask : signExtend(rotateRight(value, turn), bits);
      if (source === 15) return () => on.write(target, extended(on.read(operand)));
      return () => on.write(target, on.read(source) + extended(on.read(operand)));
    }
    if (kind === 9 && low >= 8 && low < 12) {
      const reversed = reversals[low & 3]!;
      return () => on.write(target, reversed(on.read(operand)));
    }
    if (kind === 11 && low === 8) return () => on.write(target, Math.clz32(on.read(operand)));
    return this.#undefined;
  }

  /** Branches, barriers, special registers, hints. */
  #control(first: number, second: number): Step {
    const on = this.#on;
    const { core, registers } = on;
    if (second & 0x1000) {
      // B, BL: the two bits below the sign are stored as not equal to it.
      const sign = (first >>> 10) & 1;
      const [i1, i2] = [((second >>> 13) & 1) ^ sign ^ 1, ((second >>> 11) & 1) ^ sign ^ 1];
      const bits = (sign << 24) | (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
      const offset = 4 + signExtend(bits, 25);
      if ((second & 0x4000) === 0) return () => on.branch(on.pc + offset);
      return () => {
        registers[14] = on.next | 1;
        on.branch(on.pc + offset);
      };
    }
    if (second & 0x4000) return this.#endsOrUndefined(first, second);
    if ((first & 0x380) !== 0x380) {
      const condition = (first >>> 6) & 15;
      const bits =
        ((first & 0x400) << 10) |
        ((second & 0x800) << 8) |
        ((second & 0x2000) << 5) |
        ((first & 0x3f) << 12) |
        ((second & 0x7ff) << 1);
      const offset = 4 + signExtend(bits, 21);
      return () => {
        if (core.checkCondition(condition)) on.branch(on.pc + offset);
      };
    }
    const what = first >>> 4;
    const special = second & 0xff;
    if (what === 0xf38) return () => core.writeSpecialRegister(special, on.read(first & 15) >>> 0);
    if (what === 0xf3e) return () => on.write((second >>> 8) & 15, core.readSpecialRegister(special));
    if (what === 0xf3a) return () => on.hint(special);
    if (what === 0xf3b && ((second >>> 4) & 15) >= 4) return () => {}; // DSB, DMB, ISB
    if (what === 0xf3b && ((second >>> 4) & 15) === 2)
      return () => {
        core.exclusive = 0;
      };
    return this.#endsOrUndefined(first, second);
  }

  #endsOrUndefined(first: number, second: number): Step {
    if (first >>> 4 !== 0xf7f || second >>> 12 !== 10) return this.#undefined;
    return () => {
      throw new BreakInstruction();
    };
  }
}

const maskOf = (bits: number): number => (bits >= 32 ? 0xffff_ffff : 2 ** bits - 1);
