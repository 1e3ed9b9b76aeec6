// Loads and stores of ARMv7-M in two halfwords (DDI 0403, A5.3.5 to A5.3.10).

import type { Armv7mInstruction, Step } from './armv7m-instruction.ts';

const sizes = [1, 2, 4, undefined] as const;

export class WideMemory {
  readonly #on: Armv7mInstruction;
  readonly #undefined: Step;

  constructor(on: Armv7mInstruction) {
    this.#on = on;
    this.#undefined = () => on.undefined();
  }

  /** LDM and STM; LDRD, STRD, exclusive ones, table branches. */
  manyOrTwo(first: number, second: number): Step {
    if ((first & 0x40) === 0) return this.#many(first, second);
    if ((first & 0x120) !== 0) return this.#two(first, second);
    if ((first & 0x80) !== 0) return this.#exclusiveOrTable(first, second);
    return this.#exclusiveWord(first, second);
  }

  #many(first: number, second: number): Step {
    const on = this.#on;
    const { memory } = on;
    const kind = (first >>> 7) & 3;
    if (kind === 0 || kind === 3) return this.#undefined; // SRS, RFE
    const base = first & 15;
    const how = { writeBack: (first & 0x20) !== 0, descending: kind === 2 };
    if (first & 0x10) return () => memory.loadMany(on, base, second, how);
    return () => memory.storeMany(on, base, second, how);
  }

  #two(first: number, second: number): Step {
    const on = this.#on;
    const { memory, bus } = on;
    const register = first & 15;
    const offset = 4 * (second & 0xff) * (first & 0x80 ? 1 : -1);
    const [low, high] = [second >>> 12, (second >>> 8) & 15];
    const isBefore = (first & 0x100) !== 0;
    const isWritten = (first & 0x20) !== 0;
    const base = register === 15 ? () => on.pcValue & ~3 : () => on.read(register);
    if (first & 0x10)
      return () => {
        const start = base();
        const address = isBefore ? start + offset : start;
        on.cycles += 2;
        memory.needAligned(address);
        const a = bus.readUint32(address);
        const b = bus.readUint32(address + 4);
        if (isWritten) on.write(register, start + offset);
        on.write(low, a);
        on.write(high, b);
      };
    return () => {
      const start = base();
      const address = isBefore ? start + offset : start;
      on.cycles += 2;
      memory.needAligned(address);
      bus.writeUint32(address, on.read(low));
      bus.writeUint32(address + 4, on.read(high));
      if (isWritten) on.write(register, start + offset);
    };
  }

  #exclusiveWord(first: number, second: number): Step {
    const on = this.#on;
    const { memory } = on;
    const base = first & 15;
    const offset = 4 * (second & 0xff);
    const place = (): number => {
      const address = memory.aligned(on.read(base) + offset, 4);
      on.cycles++;
      return address;
    };
    if (first & 0x10)
      return () => {
        on.write(second >>> 12, memory.load(place(), 4));
        on.core.exclusive = 1;
      };
    const how = { size: 4, from: second >>> 12, status: (second >>> 8) & 15 } as const;
    return () => this.#storeExclusive(place(), how);
  }

  #exclusiveOrTable(first: number, second: number): Step {
    const on = this.#on;
    const { memory } = on;
    const kind = (second >>> 4) & 15;
    const base = first & 15;
    if (kind < 2 && first & 0x10) return this.#branchByTable(base, second, kind === 1);
    if (kind !== 4 && kind !== 5) return this.#undefined;
    const size = kind === 4 ? 1 : 2;
    const place = (): number => {
      const address = memory.aligned(on.read(base), size);
      on.cycles++;
      return address;
    };
    if (first & 0x10)
      return () => {
        on.write(second >>> 12, memory.load(place(), size));
        on.core.exclusive = 1;
      };
    const how = { size, from: second >>> 12, status: second & 15 } as const;
    return () => this.#storeExclusive(place(), how);
  }

  #branchByTable(base: number, second: number, isHalf: boolean): Step {
    const on = this.#on;
    const { memory } = on;
    const index = second & 15;
    return () => {
      const start = on.read(base);
      const entry = isHalf
        ? memory.load(start + 2 * on.read(index), 2)
        : memory.load(start + on.read(index), 1);
      on.cycles++;
      on.branch(on.pcValue + 2 * entry);
    };
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

  single(first: number, second: number): Step {
    const on = this.#on;
    const size = sizes[(first >>> 5) & 3];
    const isLoad = (first & 0x10) !== 0;
    const isSigned = (first & 0x100) !== 0;
    if (size === undefined || (isSigned && (!isLoad || size === 4))) return this.#undefined;
    const register = second >>> 12;
    const base = first & 15;
    if (base === 15) {
      const offset = (second & 0xfff) * (first & 0x80 ? 1 : -1);
      return this.#access({ size, isLoad, isSigned, register }, () => (on.pcValue & ~3) + offset);
    }
    if (first & 0x80) {
      const offset = second & 0xfff;
      return this.#access({ size, isLoad, isSigned, register }, () => on.registers[base]! + offset);
    }
    if ((second & 0xfc0) === 0) {
      const [index, by] = [second & 15, (second >>> 4) & 3];
      return this.#access(
        { size, isLoad, isSigned, register },
        () => on.registers[base]! + (on.read(index) << by),
      );
    }
    if ((second & 0x800) === 0) return this.#undefined;
    const [isBefore, isUp, isWritten] = [second & 0x400, second & 0x200, second & 0x100];
    if (!isBefore && !isWritten) return this.#undefined;
    const offset = (second & 0xff) * (isUp ? 1 : -1);
    const written = isWritten ? { base, offset } : undefined;
    return this.#access({ size, isLoad, isSigned, register, written }, () =>
      isBefore ? on.registers[base]! + offset : on.registers[base]!,
    );
  }

  #access(what: Access, addressOf: () => number): Step {
    const on = this.#on;
    const { memory, registers } = on;
    const { size, isLoad, isSigned, register, written } = what;
    const moveBase = (): void => {
      if (written !== undefined) on.write(written.base, on.read(written.base) + written.offset);
    };
    if (!isLoad)
      return () => {
        on.cycles++;
        memory.store(addressOf(), size, on.read(register));
        moveBase();
      };
    if (register === 15 && size !== 4)
      // PLD and PLI: hints, which cannot fault.
      return () => {
        on.cycles++;
      };
    if (register === 15)
      return () => {
        on.cycles++;
        const value = memory.load(addressOf(), 4);
        moveBase();
        on.branchExchange(value);
      };
    if (isSigned && size !== 4)
      return () => {
        on.cycles++;
        const value = memory.loadSigned(addressOf(), size);
        moveBase();
        on.write(register, value);
      };
    if (written === undefined && register !== 13)
      return () => {
        on.cycles++;
        registers[register] = memory.load(addressOf(), size);
      };
    return () => {
      on.cycles++;
      const value = memory.load(addressOf(), size);
      moveBase();
      on.write(register, value);
    };
  }
}

interface Access {
  readonly size: 1 | 2 | 4;
  readonly isLoad: boolean;
  readonly isSigned: boolean;
  readonly register: number;
  /** The base that is moved on, and by how much. */
  readonly written?: { readonly base: number; readonly offset: number } | undefined;
}
