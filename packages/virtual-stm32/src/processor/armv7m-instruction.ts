// The instruction under way, as the groups of instructions see it: the core's registers and flags, the
// address where execution goes on, the cycles so far. armv7m-core.ts implements it.

import type { Arithmetic } from './armv7m-arithmetic.ts';
import type { Armv7mMemory } from './armv7m-memory.ts';
import type { ThumbBus, ThumbCore } from './thumb-core.ts';

/**
 * The core with what executes ARMv7-M; `itState` is kept among the core's own fields, so
 * that copies of them are whole.
 */
export interface Armv7mCore extends ThumbCore {
  /** ITSTATE: condition and mask of the instructions that follow an IT; 0 outside of a block. */
  itState: number;
  /** An exclusive load was not followed by its store yet: 1. */
  exclusive: number;
}

/** What one instruction does, its operands decoded; nothing is executed before it is called. */
export type Step = () => void;

export interface Armv7mInstruction {
  readonly core: Armv7mCore;
  /** The core's registers, as signed words. */
  readonly registers: Int32Array;
  readonly bus: ThumbBus;
  readonly memory: Armv7mMemory;
  readonly arithmetic: Arithmetic;
  /** Address of the instruction. */
  readonly pc: number;
  /** Address of the instruction after this one, unless this one branches. */
  next: number;
  cycles: number;
  /** What the instruction reads as the program counter; unsigned. */
  readonly pcValue: number;
  /** Signed. */
  read(register: number): number;
  write(register: number, value: number): void;
  branch(address: number): void;
  /** BX, and loads of the program counter: the lowest bit has to be set, and an exception may end. */
  branchExchange(address: number): void;
  setNZ(result: number): void;
  setSumFlags(result: number): void;
  /** NOP, YIELD, WFE, WFI, SEV; others do nothing. */
  hint(kind: number): void;
  undefined(): never;
}
