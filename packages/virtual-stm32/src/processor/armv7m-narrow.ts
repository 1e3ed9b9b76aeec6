// Instructions of ARMv7-M in one halfword (DDI 0403, A5.2).

import { byteReversed, halvesReversed, shifts, signExtend } from './armv7m-arithmetic.ts';
import type { Armv7mInstruction, Step } from './armv7m-instruction.ts';
import { BreakInstruction } from './thumb-core.ts';

export class NarrowInstructions {
  readonly #on: Armv7mInstruction;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
  }

  decode(opcode: number): Step {
    switch (opcode >>> 11) {
      case 0:
      case 1:
      case 2:
        return this.#shiftByConstant(opcode);
      case 3:
        return this.#addThree(opcode);
      case 4:
      case 5:
      case 6:
      case 7:
        return this.#withConstant(opcode);
      case 8:
        return opcode & 0x400 ? this.#highRegisters(opcode) : this.#data(opcode);
      case 9:
        return this.#loadLiteral(opcode);
      case 10:
      case 11:
        return this.#moveByRegister(opcode);
      case 18:
      case 19:
        return this.#moveByStack(opcode);
      case 20:
      case 21:
        return this.#addressOf(opcode);
      case 22:
      case 23:
        return this.#miscellaneous(opcode);
      case 24:
      case 25:
        return this.#many(opcode);
      case 26:
      case 27:
        return this.#branchWhen(opcode);
      case 28: {
        const on = this.#on;
        const offset = 4 + signExtend(opcode & 0x7ff, 11) * 2;
        return () => on.branch(on.pc + offset);
      }
      default:
        return this.#moveByConstant(opcode);
    }
  }

  /** Within a block the short forms leave the flags alone: itState is asked for each time. */
  #shiftByConstant(opcode: number): Step {
    const on = this.#on;
    const { core, registers, arithmetic } = on;
    const [target, source] = [opcode & 7, (opcode >>> 3) & 7];
    const kind = opcode >>> 11;
    const by = (opcode >>> 6) & 31;
    return () => {
      const result = arithmetic.shiftByConstant(registers[source]!, kind, by, core.C);
      registers[target] = result;
      if (core.itState !== 0) return;
      on.setNZ(result);
      core.C = arithmetic.carryOut;
    };
  }

  #addThree(opcode: number): Step {
    const on = this.#on;
    const { core, registers, arithmetic } = on;
    const [target, source, third] = [opcode & 7, (opcode >>> 3) & 7, (opcode >>> 6) & 7];
    const isSubtraction = (opcode & 0x200) !== 0;
    const keep = (result: number): void => {
      registers[target] = result;
      if (core.itState === 0) on.setSumFlags(result);
    };
    if (opcode & 0x400) {
      const operand = isSubtraction ? ~third : third;
      return () => keep(arithmetic.sum(registers[source]!, operand, isSubtraction));
    }
    if (isSubtraction) return () => keep(arithmetic.sum(registers[source]!, ~registers[third]!, true));
    return () => keep(arithmetic.sum(registers[source]!, registers[third]!, false));
  }

  #withConstant(opcode: number): Step {
    const on = this.#on;
    const { core, registers, arithmetic } = on;
    const register = (opcode >>> 8) & 7;
    const constant = opcode & 0xff;
    switch (opcode >>> 11) {
      case 4:
        return () => {
          registers[register] = constant;
          if (core.itState === 0) on.setNZ(constant);
        };
      case 5:
        return () => on.setSumFlags(arithmetic.sum(registers[register]!, ~constant, true));
      default: {
        const isSubtraction = opcode >>> 11 === 7;
        const operand = isSubtraction ? ~constant : constant;
        return () => {
          const result = arithmetic.sum(registers[register]!, operand, isSubtraction);
          registers[register] = result;
          if (core.itState === 0) on.setSumFlags(result);
        };
      }
    }
  }

  #data(opcode: number): Step {
    const on = this.#on;
    const { core, registers: r, arithmetic } = on;
    const target = opcode & 7;
    const second = (opcode >>> 3) & 7;
    const keep = (result: number): void => {
      r[target] = result;
      if (core.itState === 0) on.setNZ(result);
    };
    const keepSum = (result: number): void => {
      r[target] = result;
      if (core.itState === 0) on.setSumFlags(result);
    };
    switch ((opcode >>> 6) & 15) {
      case 0:
        return () => keep(r[target]! & r[second]!);
      case 1:
        return () => keep(r[target]! ^ r[second]!);
      case 2:
        return this.#shift(opcode, shifts.lsl);
      case 3:
        return this.#shift(opcode, shifts.lsr);
      case 4:
        return this.#shift(opcode, shifts.asr);
      case 5:
        return () => keepSum(arithmetic.sum(r[target]!, r[second]!, core.C));
      case 6:
        return () => keepSum(arithmetic.sum(r[target]!, ~r[second]!, core.C));
      case 7:
        return this.#shift(opcode, shifts.ror);
      case 8:
        return () => on.setNZ(r[target]! & r[second]!);
      case 9:
        return () => keepSum(arithmetic.sum(~r[second]!, 0, true));
      case 10:
        return () => on.setSumFlags(arithmetic.sum(r[target]!, ~r[second]!, true));
      case 11:
        return () => on.setSumFlags(arithmetic.sum(r[target]!, r[second]!, false));
      case 12:
        return () => keep(r[target]! | r[second]!);
      case 13:
        return () => keep(Math.imul(r[target]!, r[second]!));
      case 14:
        return () => keep(r[target]! & ~r[second]!);
      default:
        return () => keep(~r[second]!);
    }
  }

  #shift(opcode: number, kind: number): Step {
    const on = this.#on;
    const { core, registers, arithmetic } = on;
    const target = opcode & 7;
    const second = (opcode >>> 3) & 7;
    return () => {
      const result = arithmetic.shift(registers[target]!, kind, registers[second]! & 0xff, core.C);
      registers[target] = result;
      if (core.itState !== 0) return;
      on.setNZ(result);
      core.C = arithmetic.carryOut;
    };
  }

  #highRegisters(opcode: number): Step {
    const on = this.#on;
    const { registers } = on;
    const source = (opcode >>> 3) & 15;
    const target = (opcode & 7) | ((opcode >>> 4) & 8);
    switch ((opcode >>> 8) & 3) {
      case 0:
        return () => on.write(target, on.read(target) + on.read(source));
      case 1:
        return () => on.setSumFlags(on.arithmetic.sum(on.read(target), ~on.read(source), true));
      case 2:
        return () => on.write(target, on.read(source));
    }
    const isCall = (opcode & 0x80) !== 0;
    return () => {
      const address = on.read(source);
      if (isCall) registers[14] = on.next | 1;
      on.branchExchange(address);
    };
  }

  #loadLiteral(opcode: number): Step {
    const on = this.#on;
    const { registers, bus } = on;
    const target = (opcode >>> 8) & 7;
    const offset = 4 * (opcode & 0xff);
    return () => {
      on.cycles++;
      registers[target] = bus.readUint32((on.pcValue & ~3) + offset);
    };
  }

  #moveByRegister(opcode: number): Step {
    const on = this.#on;
    const { registers, memory } = on;
    const [target, base, index] = [opcode & 7, (opcode >>> 3) & 7, (opcode >>> 6) & 7];
    const kind = (opcode >>> 9) & 7;
    if (kind < 3) {
      const size = kind === 0 ? 4 : kind === 1 ? 2 : 1;
      return () => {
        on.cycles++;
        memory.store(registers[base]! + registers[index]!, size, registers[target]!);
      };
    }
    if (kind === 3 || kind === 7) {
      const size = kind === 3 ? 1 : 2;
      return () => {
        on.cycles++;
        registers[target] = memory.loadSigned(registers[base]! + registers[index]!, size);
      };
    }
    const size = kind === 4 ? 4 : kind === 5 ? 2 : 1;
    return () => {
      on.cycles++;
      registers[target] = memory.load(registers[base]! + registers[index]!, size);
    };
  }

  /** STR, LDR, STRB, LDRB, STRH, LDRH with a constant. */
  #moveByConstant(opcode: number): Step {
    const on = this.#on;
    const { registers, memory } = on;
    const kind = opcode >>> 11;
    const size = kind < 14 ? 4 : kind < 16 ? 1 : 2;
    const [register, base] = [opcode & 7, (opcode >>> 3) & 7];
    const offset = size * ((opcode >>> 6) & 31);
    if (kind & 1)
      return () => {
        on.cycles++;
        registers[register] = memory.load(registers[base]! + offset, size);
      };
    return () => {
      on.cycles++;
      memory.store(registers[base]! + offset, size, registers[register]!);
    };
  }

  /** STR and LDR by the stack pointer, which is aligned. */
  #moveByStack(opcode: number): Step {
    const on = this.#on;
    const { registers, bus } = on;
    const register = (opcode >>> 8) & 7;
    const offset = 4 * (opcode & 0xff);
    if (opcode & 0x800)
      return () => {
        on.cycles++;
        registers[register] = bus.readUint32(registers[13]! + offset);
      };
    return () => {
      on.cycles++;
      bus.writeUint32(registers[13]! + offset, registers[register]! >>> 0);
    };
  }

  /** ADR, and ADD of the stack pointer. */
  #addressOf(opcode: number): Step {
    const on = this.#on;
    const { registers } = on;
    const target = (opcode >>> 8) & 7;
    const offset = 4 * (opcode & 0xff);
    if (opcode & 0x800)
      return () => {
        registers[target] = registers[13]! + offset;
      };
    return () => {
      registers[target] = (on.pcValue & ~3) + offset;
    };
  }

  #many(opcode: number): Step {
    const on = this.#on;
    const { memory } = on;
    const base = (opcode >>> 8) & 7;
    const list = opcode & 0xff;
    if ((opcode & 0x800) === 0) return () => memory.storeMany(on, base, list, { writeBack: true });
    const how = { writeBack: !((opcode >>> base) & 1) };
    return () => memory.loadMany(on, base, list, how);
  }

  #branchWhen(opcode: number): Step {
    const on = this.#on;
    const { core } = on;
    const condition = (opcode >>> 8) & 15;
    if (condition === 14)
      return () => {
        throw new BreakInstruction();
      };
    if (condition === 15)
      return () => {
        core.pendingSVCall = true;
        core.interruptsUpdated = true;
      };
    const offset = 4 + signExtend(opcode & 0xff, 8) * 2;
    return () => {
      if (core.checkCondition(condition)) on.branch(on.pc + offset);
    };
  }

  #miscellaneous(opcode: number): Step {
    const on = this.#on;
    const { core, registers, memory } = on;
    switch ((opcode >>> 8) & 15) {
      case 0: {
        const constant = 4 * (opcode & 0x7f) * (opcode & 0x80 ? -1 : 1);
        return () => {
          registers[13]! += constant;
        };
      }
      case 1:
      case 3:
      case 9:
      case 11:
        return this.#branchWhenZero(opcode);
      case 2:
        return this.#extend(opcode);
      case 4:
      case 5: {
        const list = (opcode & 0xff) | (opcode & 0x100 ? 1 << 14 : 0);
        const how = { writeBack: true, descending: true };
        return () => memory.storeMany(on, 13, list, how);
      }
      case 6:
        return this.#changeState(opcode);
      case 10:
        return this.#reverse(opcode);
      case 12:
      case 13: {
        const list = (opcode & 0xff) | (opcode & 0x100 ? 1 << 15 : 0);
        const how = { writeBack: true };
        return () => memory.loadMany(on, 13, list, how);
      }
      case 14:
        return () => {
          throw new BreakInstruction();
        };
      case 15: {
        if ((opcode & 15) === 0) return () => on.hint((opcode >>> 4) & 15);
        const itState = opcode & 0xff;
        return () => {
          core.itState = itState;
        };
      }
      default:
        return () => on.undefined();
    }
  }

  #branchWhenZero(opcode: number): Step {
    const on = this.#on;
    const { registers } = on;
    const register = opcode & 7;
    const branchesWhenZero = (opcode & 0x800) === 0;
    const offset = 4 + ((opcode >>> 3) & 31) * 2 + (opcode & 0x200 ? 64 : 0);
    return () => {
      if ((registers[register] === 0) === branchesWhenZero) on.branch(on.pc + offset);
    };
  }

  #extend(opcode: number): Step {
    const { registers } = this.#on;
    const [target, source] = [opcode & 7, (opcode >>> 3) & 7];
    const bits = opcode & 0x40 ? 8 : 16;
    if (opcode & 0x80) {
      const mask = bits === 8 ? 0xff : 0xffff;
      return () => {
        registers[target] = registers[source]! & mask;
      };
    }
    return () => {
      registers[target] = signExtend(registers[source]!, bits);
    };
  }

  #reverse(opcode: number): Step {
    const on = this.#on;
    const { registers } = on;
    const [target, source] = [opcode & 7, (opcode >>> 3) & 7];
    const kind = (opcode >>> 6) & 3;
    if (kind === 2) return () => on.undefined();
    const reversed =
      kind === 0
        ? byteReversed
        : kind === 1
          ? halvesReversed
          : (value: number) => signExtend(halvesReversed(value), 16);
    return () => {
      registers[target] = reversed(registers[source]!);
    };
  }

  /** CPSIE and CPSID: PRIMASK; FAULTMASK is not there. */
  #changeState(opcode: number): Step {
    const on = this.#on;
    const { core } = on;
    if ((opcode & 0xffef) !== 0xb662) return () => on.undefined();
    return () => {
      core.PM = (opcode & 0x10) !== 0;
      core.interruptsUpdated = true;
    };
  }
}
