// Calls a function inside the agent's machine code while the agent waits for its line: registers by the
// procedure call standard (AAPCS 32, IHI 0042), the agent's own stack, and afterwards everything as it was.

import { symbolsOf } from '../toolchain/thumb.ts';
import type { Line } from './line.ts';

/** More than any function that is called so needs. */
const mostInstructions = 5_000_000;

export class MachineCall {
  readonly #line: Line;
  readonly #symbols;

  constructor(line: Line, elf: string) {
    this.#line = line;
    this.#symbols = symbolsOf(elf);
  }

  /** RAM that the agent does not use: behind its data. */
  get room(): number {
    return this.#symbols.get('fs_ram_end')!.address + 64;
  }

  write(address: number, bytes: Uint8Array): void {
    const { rp2040: bus } = this.#line.chip.machine.processor.core;
    for (const [i, byte] of bytes.entries()) bus.writeUint8(address + i, byte);
  }

  /** At most four words as arguments; gives r0, unsigned. */
  call(name: string, ...args: readonly number[]): number {
    const symbol = this.#symbols.get(name);
    if (symbol === undefined) throw new RangeError(`the agent has no function ${name}`);
    const { core } = this.#line.chip.machine.processor;
    const registers = core.registers.slice();
    const { APSR } = core;
    const back = core.PC;
    for (const [i, value] of args.entries()) core.registers[i] = value;
    core.registers[14] = back | 1;
    core.PC = symbol.address & ~1;
    for (let left = mostInstructions; core.PC !== back; left--) {
      if (left === 0) throw new Error(`${name} did not return`);
      core.executeInstruction();
    }
    const result = core.registers[0]! >>> 0;
    core.registers.set(registers);
    core.APSR = APSR;
    return result;
  }
}
