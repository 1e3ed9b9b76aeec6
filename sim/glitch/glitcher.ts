// The attacker's hand on the processor: watches which of the agent's own instructions are executed, and leaves out one, or
// two in a row, at a chosen execution of a chosen address. Sits around the core of the virtual chip, in the judge's
// process; the product has no hook for it.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';
import { quickCrypto } from './quick-crypto.ts';

export interface Glitch {
  readonly address: number;
  /** 1: the first time that the address is executed after arming. */
  readonly occurrence: number;
  /** Instructions left out one after the other. */
  readonly length: 1 | 2;
}

/** The run took more instructions than it was given: the firmware hangs. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

const wide = (opcode: number) => opcode >> 11 >= 0b11101;

export class Glitcher {
  /** The application's code: that one of its instructions was executed is what a boot is. */
  application: { readonly start: number; readonly end: number } | undefined;
  booted = false;
  /** Cryptography at the host's speed instead of the agent's machine code. */
  quick = true;
  #instructionsLeft = Number.POSITIVE_INFINITY;
  readonly #counts: Uint32Array;
  readonly #base: number;
  #counting = false;
  #glitch: Glitch | undefined;
  #skipLeft = 0;
  #skipped = 0;

  constructor(chip: VirtualChip, code: AgentCode) {
    const base = code.own[0]!.start;
    const end = code.own.at(-1)!.end;
    this.#base = base;
    this.#counts = new Uint32Array((end - base) >> 1);
    const isOwn = new Uint8Array((end - base) >> 1);
    for (const range of code.own) isOwn.fill(1, (range.start - base) >> 1, (range.end - base) >> 1);
    const { core } = chip.machine.processor;
    const functions = quickCrypto(core, code);
    for (const address of functions.keys()) isOwn[(address - base) >> 1] = 2;
    const execute = core.executeInstruction.bind(core);
    core.executeInstruction = () => {
      if (--this.#instructionsLeft < 0) throw new OutOfTime();
      const pc = (core.PC & ~1) >>> 0;
      const index = (pc - base) >> 1;
      const kind = pc >= base ? isOwn[index] : undefined;
      if (kind === 1 && this.#counting && this.#decide(pc, ++this.#counts[index]!)) {
        const opcode = core.readUint16(pc);
        core.PC = pc + (wide(opcode) ? 4 : 2);
        core.cycles++;
        return 1;
      }
      if (kind === 2 && this.quick) {
        functions.get(pc)!();
        return 1;
      }
      if (kind === undefined && this.application && pc >= this.application.start && pc < this.application.end)
        this.booted = true;
      return execute();
    };
  }

  #decide(pc: number, count: number): boolean {
    const glitch = this.#glitch;
    if (this.#skipLeft === 0) {
      if (glitch === undefined || pc !== glitch.address || count !== glitch.occurrence) return false;
      this.#skipLeft = glitch.length;
      this.#glitch = undefined;
    }
    this.#skipLeft--;
    this.#skipped++;
    return true;
  }

  /** Firmware that takes more instructions than these from here on hangs; none: it may take what it wants. */
  limit(instructions = Number.POSITIVE_INFINITY): void {
    this.#instructionsLeft = instructions;
  }

  /** From here on executions count, and the glitch is due. */
  arm(glitch?: Glitch): void {
    this.#counts.fill(0);
    this.#counting = true;
    this.#glitch = glitch;
    this.#skipLeft = 0;
    this.#skipped = 0;
    this.booted = false;
  }

  /** How many instructions were left out since arming. */
  disarm(): number {
    this.#counting = false;
    this.#glitch = undefined;
    this.#skipLeft = 0;
    return this.#skipped;
  }

  /** Executions by address since arming. */
  get executed(): Map<number, number> {
    const found = new Map<number, number>();
    for (const [index, count] of this.#counts.entries())
      if (count > 0) found.set(this.#base + 2 * index, count);
    return found;
  }
}
