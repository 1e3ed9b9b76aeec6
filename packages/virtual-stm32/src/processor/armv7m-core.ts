// Instructions of ARMv7-M (DDI 0403) on the Thumb core's registers: Cortex-M3, M4, M7, and what an M33 shares
// with them. Not here, and undefined as on a core without them: floating point (also undefined after a reset
// on a core that has it), the DSP instructions on packed and saturated values, coprocessors, BASEPRI and
// FAULTMASK, TrustZone. Faults are HardFaults: the configurable ones are disabled until firmware enables
// them, which is not modelled. Cycles follow the Cortex-M4's table (DDI 0439, 3.3.1) without memory wait
// states, and are an estimate for other cores.
//
// An instruction is decoded once: what it does becomes a function, kept for the next time that the same
// halfwords are fetched from there.

import { Arithmetic } from './armv7m-arithmetic.ts';
import type { Armv7mCore, Armv7mInstruction, Step } from './armv7m-instruction.ts';
import { Armv7mMemory } from './armv7m-memory.ts';
import { NarrowInstructions } from './armv7m-narrow.ts';
import { WideInstructions } from './armv7m-wide.ts';
import { type ThumbBus, type ThumbCore, UndefinedInstruction } from './thumb-core.ts';

/** IT state in the stacked program status (DDI 0403, B1.4.2). */
const stackedIt = (it: number): number => ((it & 3) << 25) | ((it >>> 2) << 10);
const itOf = (status: number): number => ((status >>> 25) & 3) | (((status >>> 10) & 0x3f) << 2);

/** EXC_RETURN of a thread on the process stack (DDI 0403, B1.5.8). */
const returnToProcessStack = 0xffff_fffd;

/** ITSTATE behind an instruction of the block (DDI 0403, A7.3.3); 0 behind the last. */
const advancedIt = (itState: number): number =>
  (itState & 7) === 0 ? 0 : (itState & 0xe0) | ((itState << 1) & 0x1f);

/** Places for decoded instructions: those of 64 KiB of code. */
const places = 1 << 15;

export class Armv7mInstructions implements Armv7mInstruction {
  readonly core: Armv7mCore;
  readonly memory: Armv7mMemory;
  readonly arithmetic = new Arithmetic();
  readonly registers: Int32Array;
  readonly bus: ThumbBus;
  /** Of each place, the halfwords that were decoded, and what they do. */
  readonly #opcodes = new Int32Array(places);
  readonly #steps = new Array<Step | undefined>(places);
  readonly #narrow: NarrowInstructions;
  readonly #wide: WideInstructions;
  /** Address of the instruction. */
  pc = 0;
  /** Where execution goes on. */
  next = 0;
  cycles = 0;

  constructor(core: ThumbCore, bus: ThumbBus) {
    this.core = Object.assign(core, { itState: 0, exclusive: 0 });
    const { buffer, byteOffset, length } = core.registers;
    this.registers = new Int32Array(buffer, byteOffset, length);
    this.bus = bus;
    this.memory = new Armv7mMemory(bus);
    this.#narrow = new NarrowInstructions(this);
    this.#wide = new WideInstructions(this);
    core.executeInstruction = () => this.execute();
    this.#stackItState(core);
  }

  /** Exceptions take the IT state along and bring it back (DDI 0403, B1.5.6 and B1.5.8). */
  #stackItState(core: ThumbCore): void {
    const enter = core.exceptionEntry.bind(core);
    const leave = core.exceptionReturn.bind(core);
    core.exceptionEntry = (exception) => {
      enter(exception);
      const frame = core.LR === returnToProcessStack ? core.SPprocess : core.SPmain;
      const status = frame + 0x1c;
      this.bus.writeUint32(status, this.bus.readUint32(status) | stackedIt(this.core.itState));
      this.core.itState = 0;
      this.core.exclusive = 0;
    };
    core.exceptionReturn = (kind) => {
      const frame = (kind & 0xf) === 0xd ? core.SPprocess : core.SPmain;
      const it = itOf(this.bus.readUint32(frame + 0x1c));
      leave(kind);
      this.core.itState = it;
      this.core.exclusive = 0;
    };
  }

  /** Beside what `clearCore` does. */
  reset(): void {
    this.core.itState = 0;
    this.core.exclusive = 0;
  }

  execute(): number {
    const { core, registers } = this;
    if (core.interruptsUpdated && core.checkForInterrupts()) core.waiting = false;
    const pc = (registers[15]! & ~1) >>> 0;
    const first = this.bus.readUint16(pc);
    const isWide = first >= 0xe800;
    const opcode = isWide ? (first << 16) | this.bus.readUint16(pc + 2) : first;
    this.pc = pc;
    this.next = pc + (isWide ? 4 : 2);
    this.cycles = 1;
    registers[15] = pc + 2;
    const place = (pc >>> 1) & (places - 1);
    const step = this.#opcodes[place] === opcode ? this.#steps[place] : undefined;
    const { itState } = core;
    if (itState === 0 || core.checkCondition(itState >>> 4) || first >>> 8 === 0xbe)
      if (step === undefined) this.#decode(place, opcode)();
      else step();
    // An exception that a branch took away from here has cleared it; an IT has just set it.
    if (itState !== 0 && core.itState === itState) core.itState = advancedIt(itState);
    registers[15] = this.next;
    core.cycles += this.cycles;
    return this.cycles;
  }

  #decode(place: number, opcode: number): Step {
    const step = opcode < 0 ? this.#wide.decode(opcode >>> 16, opcode & 0xffff) : this.#narrow.decode(opcode);
    this.#opcodes[place] = opcode;
    this.#steps[place] = step;
    return step;
  }

  /** Of a block, the next instruction is passed over: its condition goes with it. */
  passCondition(): void {
    if (this.core.itState !== 0) this.core.itState = advancedIt(this.core.itState);
  }

  undefined(): never {
    throw new UndefinedInstruction(`at 0x${this.pc.toString(16)}`);
  }

  /** What an instruction reads as the program counter. */
  get pcValue(): number {
    return this.pc + 4;
  }

  read(register: number): number {
    return register === 15 ? this.pcValue | 0 : this.registers[register]!;
  }

  write(register: number, value: number): void {
    if (register === 15) this.branch(value);
    else this.registers[register] = register === 13 ? value & ~3 : value;
  }

  branch(address: number): void {
    this.next = (address & ~1) >>> 0;
    this.cycles += 2;
  }

  /** BX, and loads of the program counter: the lowest bit has to be set, and an exception may end. */
  branchExchange(address: number): void {
    this.core.BXWritePC(address >>> 0);
    this.next = this.core.PC;
    this.cycles += 2;
  }

  setNZ(result: number): void {
    const { core } = this;
    core.N = (result | 0) < 0;
    core.Z = (result | 0) === 0;
  }

  setSumFlags(result: number): void {
    const { core, arithmetic } = this;
    this.setNZ(result);
    core.C = arithmetic.carry;
    core.V = arithmetic.overflow;
  }

  /** NOP, YIELD, WFE, WFI, SEV; others do nothing. */
  hint(kind: number): void {
    if (kind === 3) this.core.waiting = true;
    if (kind !== 2) return;
    if (this.core.eventRegistered) this.core.eventRegistered = false;
    else this.core.waiting = true;
  }
}
