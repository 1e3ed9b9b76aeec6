// The CPU: the Thumb core (ARMv6-M, or ARMv7-M by armv7m-core.ts) with what surrounds it, faults, sleep,
// lock-up, halting debug, and the decision that firmware waits for its host. Runs only when told to, a
// bounded number of instructions at a time; time passes on the simulated clock by cycles. DDI 0419
// (ARMv6-M), B1.5 exceptions, C1 debug.

import { Armv7mInstructions } from './armv7m-core.ts';
import { BusFault, type CoreBus } from './core-bus.ts';
import {
  BreakInstruction,
  clearCore,
  createThumbCore,
  type ThumbCore,
  UndefinedInstruction,
} from './thumb-core.ts';

/**
 * Why it stopped. `waits`: for an interrupt that cannot come, or it polls an empty link, or jumps to itself.
 * `budget`: the instructions given are used up.
 */
export type Stop = 'waits' | 'halted' | 'lockup' | 'budget';

export interface ProcessorParts {
  readonly bus: CoreBus;
  readonly coreHz: () => number;
  readonly nowUs: () => number;
  readonly advanceUs: (us: number) => void;
  /** Throws what unwinds the firmware: loss of power, a reset that is due. */
  readonly gate: () => void;
  readonly breakpoints: () => ReadonlySet<number>;
  /** ARMv7-M instead of ARMv6-M. */
  readonly isArmv7m: boolean;
}

export type HaltReason = 'request' | 'breakpoint' | 'vector-catch';

/** What the system control space adds: the timer and vector catch. */
export interface ProcessorHooks {
  /** Simulated time of the next tick that interrupts; undefined when no tick will. */
  readonly nextTickUs: () => number | undefined;
  readonly tick: () => void;
  /** A debugger is there: BKPT halts. */
  readonly debugging: () => boolean;
  readonly catchesHardFault: () => boolean;
  readonly onHalt: (reason: HaltReason) => void;
}

const hardFault = 3;
/** CFSR and HFSR (DDI 0403, B3.2.15, B3.2.16): a precise bus error, an undefined instruction; escalated. */
const causes = { busError: 1 << 9, undefined: 1 << 16, forced: 1 << 30 };
const sliceInstructions = 4096;
/** Looks at an empty link that follow each other closely, after which the firmware counts as waiting. */
const emptyPollsMax = 64;
const closePollsCycles = 400;
const branchToItself = 0xe7fe;
/** From here on the opcode has a second halfword. */
const firstWide = 0xe800;

/**
 * Peripherals, external devices and the system space hold no code, whatever reads
 * there (DDI 0419, B3.1, "XN").
 */
const holdsNoCode = (address: number): boolean => {
  const eighth = address >>> 29;
  return eighth === 2 || eighth > 4;
};

export class Processor {
  readonly core: ThumbCore;
  /** Causes of faults since the reset that software has not taken back; none on Armv6-M. */
  readonly faults = { configurable: 0, hard: 0 };
  readonly #instructions: Armv7mInstructions | undefined;
  readonly #parts: ProcessorParts;
  #hooks: ProcessorHooks | undefined;
  #halted = false;
  #lockedUp = false;
  #waits = false;
  #emptyPolls = 0;
  #lastPollCycles = 0;
  #accountedCycles = 0;
  /**
   * Instructions executed since power-on. No private name: where a slice ends, V8 13.6 compiles the access to
   * one again and again.
   */
  retired = 0;
  /** Address of the instruction that is fetched or executed. */
  #instruction = 0;

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
    this.core = createThumbCore(parts.bus);
    this.#instructions = parts.isArmv7m ? new Armv7mInstructions(this.core, parts.bus) : undefined;
    parts.bus.isFetch = (address) => this.#isFetch(address);
  }

  connect(hooks: ProcessorHooks): void {
    this.#hooks = hooks;
  }

  get halted(): boolean {
    return this.#halted;
  }

  get lockedUp(): boolean {
    return this.#lockedUp;
  }

  get sleeping(): boolean {
    return this.core.waiting;
  }

  /**
   * Stack pointer and first instruction from a vector table; lock-up when it cannot
   * be read (DDI 0419, B1.5.5).
   */
  reset(vectorTable: number): void {
    const { core } = this;
    clearCore(core);
    this.#instructions?.reset();
    core.VTOR = vectorTable;
    this.faults.configurable = 0;
    this.faults.hard = 0;
    this.#accountedCycles = 0;
    this.#halted = false;
    this.#lockedUp = false;
    this.wake();
    try {
      core.SP = this.#parts.bus.readUint32(vectorTable);
      const entry = this.#parts.bus.readUint32(vectorTable + 4);
      core.PC = (entry & ~1) >>> 0;
      this.#lockedUp = (entry & 1) === 0; // no Thumb state: INVSTATE, and the handler is no better
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      core.PC = 0xffff_fffe;
      this.#lockedUp = true;
    }
    if (core.PC === 0xffff_fffe) this.#lockedUp = true;
  }

  /** The core moves its program counter on between the fetch and the data reads of an instruction. */
  #isFetch(address: number): boolean {
    const at = (this.core.PC & ~1) >>> 0;
    return at !== this.#instruction + 2 && (address === at || address === at + 2);
  }

  halt(reason: HaltReason): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#hooks?.onHalt(reason);
  }

  resume(): void {
    this.#halted = false;
    this.wake();
  }

  /** The debugger moved the program counter: out of lock-up (DDI 0419, B1.5.15). */
  leaveLockup(): void {
    this.#lockedUp = false;
  }

  /** Something came in that firmware may wait for. */
  wake(): void {
    this.#emptyPolls = 0;
    this.#waits = false;
    this.core.waiting = false;
  }

  /** Now, with the cycles of the present slice. */
  get nowUs(): number {
    this.#account();
    return this.#parts.nowUs();
  }

  /** Stands still until then. */
  waitUntilUs(timeUs: number): void {
    const missing = timeUs - this.nowUs;
    if (missing > 0) this.#parts.advanceUs(missing);
  }

  #account(): void {
    const { cycles } = this.core;
    if (cycles === this.#accountedCycles) return;
    this.#parts.advanceUs(((cycles - this.#accountedCycles) * 1e6) / this.#parts.coreHz());
    this.#accountedCycles = cycles;
  }

  /** Software looked for a byte of the link and found none. */
  notePoll(): void {
    const { cycles } = this.core;
    this.#emptyPolls = cycles - this.#lastPollCycles < closePollsCycles ? this.#emptyPolls + 1 : 1;
    this.#lastPollCycles = cycles;
    if (this.#emptyPolls >= emptyPollsMax) this.#waits = true;
  }

  /** Software that finds the link empty and then looks at the timer waits for it: time passes until then. */
  noteTimerLook(dueUs: number): void {
    if (this.#emptyPolls === 0) return;
    this.waitUntilUs(dueUs);
    this.#parts.gate();
    this.noteProgress();
  }

  noteProgress(): void {
    this.#emptyPolls = 0;
    this.#waits = false;
  }

  /** Runs until something stops it. PowerLost and ChipReset come out; time is accounted up to them. */
  run(budget: number): Stop {
    let left = budget;
    try {
      while (true) {
        this.#parts.gate();
        const stop = this.#stopped(left);
        if (stop !== undefined) return stop;
        if (this.core.waiting && !this.#sleep()) continue;
        const before = this.retired;
        this.#slice(Math.min(left, this.#sliceLength()));
        left -= this.retired - before;
        this.#account();
        this.#tickWhenDue();
        if (this.#jumpsToItself()) this.#waits = true;
      }
    } finally {
      this.#account();
    }
  }

  #stopped(left: number): Stop | undefined {
    if (this.#halted) return 'halted';
    if (this.#lockedUp) return 'lockup';
    if (this.#waits) return 'waits';
    return left <= 0 ? 'budget' : undefined;
  }

  /** On behind the next instruction, without executing it: what a fault of the supply may do. */
  passOver(): void {
    const { core } = this;
    const at = (core.PC & ~1) >>> 0;
    core.PC = at + (this.#parts.bus.readUint16(at) >= firstWide ? 4 : 2);
    core.cycles++;
    this.#instructions?.passCondition();
  }

  /** One instruction, whatever else stands in the way; for the debugger. */
  step(): void {
    this.wake();
    if (!this.#lockedUp) this.#slice(1, false);
    this.#account();
  }

  /** True when awake again. Time moves on to the next tick; without one nothing can wake it but the host. */
  #sleep(): boolean {
    if (this.core.checkForInterrupts()) {
      this.core.waiting = false;
      return true;
    }
    const next = this.#hooks?.nextTickUs();
    this.#emptyPolls++;
    if (next === undefined || this.#emptyPolls >= emptyPollsMax) this.#waits = true;
    else {
      this.waitUntilUs(next);
      this.#tickWhenDue();
    }
    return false;
  }

  #sliceLength(): number {
    const next = this.#hooks?.nextTickUs();
    if (next === undefined) return sliceInstructions;
    const cycles = Math.ceil(((next - this.#parts.nowUs()) * this.#parts.coreHz()) / 1e6);
    return Math.max(1, Math.min(sliceInstructions, cycles));
  }

  #tickWhenDue(): void {
    const next = this.#hooks?.nextTickUs();
    if (next !== undefined && this.#parts.nowUs() >= next) this.#hooks!.tick();
  }

  #slice(instructions: number, withBreakpoints = true): void {
    const { core } = this;
    const breakpoints = this.#parts.breakpoints();
    const watches = withBreakpoints && breakpoints.size > 0;
    let pc = core.PC;
    let done = 0;
    try {
      while (done < instructions) {
        pc = core.PC;
        if (watches && breakpoints.has((pc & ~1) >>> 0)) {
          this.halt('breakpoint');
          break;
        }
        done++;
        this.#instruction = (pc & ~1) >>> 0;
        if (holdsNoCode(pc)) throw new BusFault(pc >>> 0);
        core.executeInstruction();
        if (core.waiting || this.#waits || this.#halted) break;
      }
    } catch (error) {
      this.#trap(error, pc);
    } finally {
      this.retired += done;
    }
  }

  #trap(error: unknown, pc: number): void {
    if (error instanceof BreakInstruction) {
      this.core.PC = pc;
      if (!this.#isUndefined(pc) && this.#hooks?.debugging()) this.halt('breakpoint');
      else this.#fault(pc, causes.undefined);
    } else if (error instanceof BusFault) this.#fault(pc, causes.busError);
    else if (error instanceof UndefinedInstruction) this.#fault(pc, causes.undefined);
    else throw error;
  }

  /** UDF and not BKPT. */
  #isUndefined(pc: number): boolean {
    return this.#parts.bus.readUint16((pc & ~1) >>> 0) >>> 8 !== 0xbe;
  }

  /** HardFault, or lock-up when one was being handled or cannot be entered (DDI 0419, B1.5.15). */
  #fault(pc: number, cause: number): void {
    const { core } = this;
    if (this.#instructions !== undefined) {
      this.faults.configurable |= cause;
      this.faults.hard |= causes.forced;
    }
    core.PC = (pc & ~1) >>> 0;
    if (core.IPSR === hardFault || core.IPSR === 2) {
      this.#lockedUp = true;
      return;
    }
    try {
      core.exceptionEntry(hardFault);
      core.PC = (core.PC & ~1) >>> 0;
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      core.PC = 0xffff_fffe;
      this.#lockedUp = true;
    }
    if (this.#hooks?.catchesHardFault()) this.halt('vector-catch');
  }

  #jumpsToItself(): boolean {
    const { core } = this;
    if (this.#halted || this.#lockedUp || this.#hooks?.nextTickUs() !== undefined) return false;
    this.#instruction = (core.PC & ~1) >>> 0;
    try {
      return this.#parts.bus.readUint16((core.PC & ~1) >>> 0) === branchToItself;
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      return false;
    }
  }
}
