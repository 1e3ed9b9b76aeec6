// Instructions of ARMv7-M in one halfword (DDI 0403, A5.2).

import { byteReversed, halvesReversed, shifts, signExtend } from './armv7m-arithmetic.ts';
import type { Armv7mInstruction } from './armv7m-instruction.ts';
import { BreakInstruction, type ThumbBus } from './thumb-core.ts';

export class NarrowInstructions {
  readonly #on: Armv7mInstruction;
  readonly #registers: Uint32Array;
  readonly #bus: ThumbBus;

  constructor(on: Armv7mInstruction, bus: ThumbBus) {
    this.#on = on;
    this.#registers = on.core.registers;
    this.#bus = bus;
  }

  /** Within a block the short forms leave the flags alone. */
  get #setsFlags(): boolean {
    return this.#on.core.itState === 0;
  }

  execute(opcode: number): void {
    switch (opcode >>> 11) {
      case 0:
      case 1:
      case 2:
        this.#shiftByConstant(opcode);
        return;
      case 3:
        this.#addThree(opcode);
        return;
      case 4:
      case 5:
      case 6:
      case 7:
        this.#withConstant(opcode);
        return;
      case 8:
        if ((opcode & 0x400) === 0) {
          this.#data(opcode);
          return;
        }
        this.#highRegisters(opcode);
        return;
      case 9:
        this.#on.cycles++;
        this.#registers[(opcode >>> 8) & 7] = this.#bus.readUint32(
          (this.#on.pcValue & ~3) + 4 * (opcode & 0xff),
        );
        return;
      case 10:
      case 11:
        this.#moveByRegister(opcode);
        return;
      case 20:
      case 21: {
        const base = opcode & 0x800 ? this.#registers[13]! : this.#on.pcValue & ~3;
        this.#registers[(opcode >>> 8) & 7] = base + 4 * (opcode & 0xff);
        return;
      }
      case 22:
      case 23:
        this.#miscellaneous(opcode);
        return;
      case 24:
        this.#on.memory.storeMany(this.#on, (opcode >>> 8) & 7, opcode & 0xff, { writeBack: true });
        return;
      case 25: {
        const base = (opcode >>> 8) & 7;
        this.#on.memory.loadMany(this.#on, base, opcode & 0xff, { writeBack: !((opcode >>> base) & 1) });
        return;
      }
      case 26:
      case 27:
        this.#branchWhen(opcode);
        return;
      case 28:
        this.#on.branch(this.#on.pcValue + signExtend(opcode & 0x7ff, 11) * 2);
        return;
      default:
        this.#moveByConstant(opcode);
        return;
    }
  }

  #shiftByConstant(opcode: number): void {
    const value = this.#registers[(opcode >>> 3) & 7]!;
    const { C } = this.#on.core;
    const result = this.#on.arithmetic.shiftByConstant(value, opcode >>> 11, (opcode >>> 6) & 31, C);
    this.#registers[opcode & 7] = result;
    if (!this.#setsFlags) return;
    this.#on.setNZ(result);
    this.#on.core.C = this.#on.arithmetic.carryOut;
  }

  #addThree(opcode: number): void {
    const third = (opcode >>> 6) & 7;
    const operand = opcode & 0x400 ? third : this.#registers[third]!;
    const first = this.#registers[(opcode >>> 3) & 7]!;
    const isSubtraction = (opcode & 0x200) !== 0;
    const result = this.#on.arithmetic.sum(first, isSubtraction ? ~operand : operand, isSubtraction);
    this.#registers[opcode & 7] = result;
    if (this.#setsFlags) this.#on.setSumFlags(result);
  }

  #withConstant(opcode: number): void {
    const register = (opcode >>> 8) & 7;
    const constant = opcode & 0xff;
    const first = this.#registers[register]!;
    switch (opcode >>> 11) {
      case 4:
        this.#registers[register] = constant;
        if (this.#setsFlags) this.#on.setNZ(constant);
        return;
      case 5:
        this.#on.setSumFlags(this.#on.arithmetic.sum(first, ~constant, true));
        return;
      default: {
        const isSubtraction = opcode >>> 11 === 7;
        const result = this.#on.arithmetic.sum(first, isSubtraction ? ~constant : constant, isSubtraction);
        this.#registers[register] = result;
        if (this.#setsFlags) this.#on.setSumFlags(result);
      }
    }
  }

  #data(opcode: number): void {
    const target = opcode & 7;
    const a = this.#registers[target]!;
    const b = this.#registers[(opcode >>> 3) & 7]!;
    const { core, arithmetic } = this.#on;
    switch ((opcode >>> 6) & 15) {
      case 0:
        this.#keep(target, a & b);
        return;
      case 1:
        this.#keep(target, a ^ b);
        return;
      case 2:
        this.#keepShift(opcode, shifts.lsl);
        return;
      case 3:
        this.#keepShift(opcode, shifts.lsr);
        return;
      case 4:
        this.#keepShift(opcode, shifts.asr);
        return;
      case 5:
        this.#keepSum(target, arithmetic.sum(a, b, core.C));
        return;
      case 6:
        this.#keepSum(target, arithmetic.sum(a, ~b, core.C));
        return;
      case 7:
        this.#keepShift(opcode, shifts.ror);
        return;
      case 8:
        this.#on.setNZ(a & b);
        return;
      case 9:
        this.#keepSum(target, arithmetic.sum(~b, 0, true));
        return;
      case 10:
        this.#on.setSumFlags(arithmetic.sum(a, ~b, true));
        return;
      case 11:
        this.#on.setSumFlags(arithmetic.sum(a, b, false));
        return;
      case 12:
        this.#keep(target, a | b);
        return;
      case 13:
        this.#keep(target, Math.imul(a, b));
        return;
      case 14:
        this.#keep(target, a & ~b);
        return;
      default:
        this.#keep(target, ~b);
        return;
    }
  }

  #keep(target: number, result: number): void {
    this.#registers[target] = result;
    if (this.#setsFlags) this.#on.setNZ(result);
  }

  #keepSum(target: number, result: number): void {
    this.#registers[target] = result;
    if (this.#setsFlags) this.#on.setSumFlags(result);
  }

  #keepShift(opcode: number, kind: number): void {
    const { core, arithmetic } = this.#on;
    const target = opcode & 7;
    const by = this.#registers[(opcode >>> 3) & 7]! & 0xff;
    this.#keep(target, arithmetic.shift(this.#registers[target]!, kind, by, core.C));
    if (this.#setsFlags) core.C = arithmetic.carryOut;
  }

  #highRegisters(opcode: number): void {
    const source = (opcode >>> 3) & 15;
    const target = (opcode & 7) | ((opcode >>> 4) & 8);
    switch ((opcode >>> 8) & 3) {
      case 0:
        this.#on.write(target, this.#on.read(target) + this.#on.read(source));
        return;
      case 1:
        this.#on.setSumFlags(this.#on.arithmetic.sum(this.#on.read(target), ~this.#on.read(source), true));
        return;
      case 2:
        this.#on.write(target, this.#on.read(source));
        return;
    }
    const address = this.#on.read(source);
    if (opcode & 0x80) this.#registers[14] = (this.#on.next | 1) >>> 0;
    this.#on.branchExchange(address);
  }

  #moveByRegister(opcode: number): void {
    const { memory } = this.#on;
    const target = opcode & 7;
    const address = this.#registers[(opcode >>> 3) & 7]! + this.#registers[(opcode >>> 6) & 7]!;
    const value = this.#registers[target]!;
    const kind = (opcode >>> 9) & 7;
    this.#on.cycles++;
    if (kind < 3) {
      memory.store(address, kind === 0 ? 4 : kind === 1 ? 2 : 1, value);
      return;
    }
    let loaded: number;
    if (kind === 3) loaded = memory.loadSigned(address, 1);
    else if (kind === 7) loaded = memory.loadSigned(address, 2);
    else loaded = memory.load(address, kind === 4 ? 4 : kind === 5 ? 2 : 1);
    this.#registers[target] = loaded;
  }

  /** STR, LDR, STRB, LDRB, STRH, LDRH with a constant, and the first two by the stack pointer. */
  #moveByConstant(opcode: number): void {
    const kind = opcode >>> 11;
    const isLoad = (kind & 1) === 1;
    this.#on.cycles++;
    if (kind >= 18) {
      const register = (opcode >>> 8) & 7;
      const address = this.#registers[13]! + 4 * (opcode & 0xff);
      if (isLoad) this.#registers[register] = this.#bus.readUint32(address);
      else this.#bus.writeUint32(address, this.#registers[register]!);
      return;
    }
    const size = kind < 14 ? 4 : kind < 16 ? 1 : 2;
    const register = opcode & 7;
    const address = this.#registers[(opcode >>> 3) & 7]! + size * ((opcode >>> 6) & 31);
    if (isLoad) this.#registers[register] = this.#on.memory.load(address, size);
    else this.#on.memory.store(address, size, this.#registers[register]!);
  }

  #branchWhen(opcode: number): void {
    const condition = (opcode >>> 8) & 15;
    if (condition === 14) throw new BreakInstruction();
    if (condition === 15) {
      this.#on.core.pendingSVCall = true;
      this.#on.core.interruptsUpdated = true;
    } else if (this.#on.core.checkCondition(condition))
      this.#on.branch(this.#on.pcValue + signExtend(opcode & 0xff, 8) * 2);
  }

  #miscellaneous(opcode: number): void {
    const low = opcode & 7;
    const value = this.#registers[(opcode >>> 3) & 7]!;
    switch ((opcode >>> 8) & 15) {
      case 0: {
        const constant = 4 * (opcode & 0x7f);
        this.#registers[13]! += opcode & 0x80 ? -constant : constant;
        return;
      }
      case 1:
      case 3:
      case 9:
      case 11: {
        const isZero = this.#registers[low] === 0;
        if (isZero === ((opcode & 0x800) !== 0)) return;
        this.#on.branch(this.#on.pcValue + ((opcode >>> 3) & 31) * 2 + (opcode & 0x200 ? 64 : 0));
        return;
      }
      case 2: {
        const bits = opcode & 0x40 ? 8 : 16;
        const isHalf = (opcode & 0x40) === 0;
        const mask = isHalf ? 0xffff : 0xff;
        this.#registers[low] = opcode & 0x80 ? value & mask : signExtend(value, bits);
        return;
      }
      case 4:
      case 5: {
        const list = (opcode & 0xff) | (opcode & 0x100 ? 1 << 14 : 0);
        this.#on.memory.storeMany(this.#on, 13, list, { writeBack: true, descending: true });
        return;
      }
      case 6:
        this.#changeState(opcode);
        return;
      case 10: {
        const kind = (opcode >>> 6) & 3;
        if (kind === 2) {
          this.#on.undefined();
          return;
        }
        this.#registers[low] =
          kind === 0
            ? byteReversed(value)
            : kind === 1
              ? halvesReversed(value)
              : signExtend(halvesReversed(value), 16);
        return;
      }
      case 12:
      case 13: {
        const list = (opcode & 0xff) | (opcode & 0x100 ? 1 << 15 : 0);
        this.#on.memory.loadMany(this.#on, 13, list, { writeBack: true });
        return;
      }
      case 14:
        throw new BreakInstruction();
      case 15:
        if (opcode & 15) this.#on.core.itState = opcode & 0xff;
        else this.#on.hint((opcode >>> 4) & 15);
        return;
      default:
        this.#on.undefined();
        return;
    }
  }

  /** CPSIE and CPSID: PRIMASK; FAULTMASK is not there. */
  #changeState(opcode: number): void {
    if ((opcode & 0xffef) !== 0xb662) this.#on.undefined();
    this.#on.core.PM = (opcode & 0x10) !== 0;
    this.#on.core.interruptsUpdated = true;
  }
}
