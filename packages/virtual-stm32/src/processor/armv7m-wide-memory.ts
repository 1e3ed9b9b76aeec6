// Loads and stores of ARMv7-M in two halfwords (DDI 0403, A5.3.5 to A5.3.10).

import type { Armv7mInstruction } from './armv7m-instruction.ts';

export class WideMemory {
  readonly #on: Armv7mInstruction;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
  }

  /** LDM and STM; LDRD, STRD, exclusive ones, table branches. */
  manyOrTwo(first: number, second: number): void {
    if ((first & 0x40) === 0) this.#many(first, second);
    else if ((first & 0x120) !== 0) this.#two(first, second);
    else if ((first & 0x80) !== 0) this.#exclusiveOrTable(first, second);
    else this.#exclusiveWord(first, second);
  }

  #many(first: number, second: number): void {
    const on = this.#on;
    const kind = (first >>> 7) & 3;
    if (kind === 0 || kind === 3) {
      on.undefined();
      return;
    } // SRS, RFE
    const how = { writeBack: (first & 0x20) !== 0, descending: kind === 2 };
    if (first & 0x10) on.memory.loadMany(on, first & 15, second, how);
    else on.memory.storeMany(on, first & 15, second, how);
  }

  #two(first: number, second: number): void {
    const on = this.#on;
    const register = first & 15;
    const offset = 4 * (second & 0xff) * (first & 0x80 ? 1 : -1);
    const base = register === 15 ? on.pcValue & ~3 : on.read(register);
    const moved = (base + offset) >>> 0;
    const address = first & 0x100 ? moved : base;
    const [low, high] = [second >>> 12, (second >>> 8) & 15];
    on.cycles += 2;
    if (first & 0x10) {
      const [a, b] = on.memory.loadTwo(address);
      if (first & 0x20) on.write(register, moved);
      on.write(low, a);
      on.write(high, b);
    } else {
      on.memory.storeTwo(address, on.read(low), on.read(high));
      if (first & 0x20) on.write(register, moved);
    }
  }

  #exclusiveWord(first: number, second: number): void {
    const on = this.#on;
    const address = on.memory.aligned(on.read(first & 15) + 4 * (second & 0xff), 4);
    on.cycles++;
    if (first & 0x10) {
      on.write(second >>> 12, on.memory.load(address, 4));
      on.core.exclusive = 1;
    } else this.#storeExclusive(address, { size: 4, from: second >>> 12, status: (second >>> 8) & 15 });
  }

  #exclusiveOrTable(first: number, second: number): void {
    const on = this.#on;
    const kind = (second >>> 4) & 15;
    const base = on.read(first & 15);
    if (kind < 2 && first & 0x10) {
      this.#branchByTable(base, second, kind === 1);
      return;
    }
    if (kind !== 4 && kind !== 5) {
      on.undefined();
      return;
    }
    const size = kind === 4 ? 1 : 2;
    const address = on.memory.aligned(base, size);
    on.cycles++;
    if (first & 0x10) {
      on.write(second >>> 12, on.memory.load(address, size));
      on.core.exclusive = 1;
    } else this.#storeExclusive(address, { size, from: second >>> 12, status: second & 15 });
  }

  #branchByTable(base: number, second: number, isHalf: boolean): void {
    const on = this.#on;
    const index = on.read(second & 15);
    const entry = isHalf ? on.memory.load(base + 2 * index, 2) : on.memory.load(base + index, 1);
    on.cycles++;
    on.branch(on.pcValue + 2 * entry);
  }

  #storeExclusive(
    address: number,
    { size, from, status }: { readonly size: 1 | 2 | 4; readonly from: number; readonly status: number },
  ): void {
    const on = this.#on;
    const isHeld = on.core.exclusive === 1;
    if (isHeld) on.memory.store(address, size, on.read(from));
    on.core.exclusive = 0;
    on.write(status, isHeld ? 0 : 1);
  }

  single(first: number, second: number): void {
    const on = this.#on;
    const size = [1, 2, 4, 0][(first >>> 5) & 3] as 0 | 1 | 2 | 4;
    const isLoad = (first & 0x10) !== 0;
    const isSigned = (first & 0x100) !== 0;
    if (size === 0 || (isSigned && (!isLoad || size === 4))) {
      on.undefined();
      return;
    }
    const { address, moved } = this.#addressOf(first, second);
    const register = second >>> 12;
    on.cycles++;
    if (!isLoad) on.memory.store(address, size, on.read(register));
    // PLD and PLI: hints, which cannot fault.
    else if (register === 15 && size !== 4) return;
    const value = !isLoad
      ? 0
      : isSigned
        ? on.memory.loadSigned(address, size as 1 | 2)
        : on.memory.load(address, size);
    if (moved !== undefined) on.write(first & 15, moved);
    if (!isLoad) return;
    if (register === 15) on.branchExchange(value);
    else on.write(register, value);
  }

  /** Where to, and what the base becomes where it is written. */
  #addressOf(first: number, second: number): { address: number; moved?: number } {
    const on = this.#on;
    const register = first & 15;
    if (register === 15) {
      const offset = (second & 0xfff) * (first & 0x80 ? 1 : -1);
      return { address: (on.pcValue & ~3) + offset };
    }
    const base = on.read(register);
    if (first & 0x80) return { address: base + (second & 0xfff) };
    if ((second & 0xfc0) === 0) return { address: base + (on.read(second & 15) << ((second >>> 4) & 3)) };
    if ((second & 0x800) === 0) return on.undefined();
    const [isBefore, isUp, isWritten] = [second & 0x400, second & 0x200, second & 0x100];
    if (!isBefore && !isWritten) return on.undefined();
    const moved = (base + (second & 0xff) * (isUp ? 1 : -1)) >>> 0;
    return { address: isBefore ? moved : base, ...(isWritten ? { moved } : {}) };
  }
}
