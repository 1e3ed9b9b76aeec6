// rp2040js's Cortex-M0+ core (ARMv6-M, MIT) alone (armv7m-core.ts puts other instructions on it), on a bus of
// ours. The library exports the class only as a part of its chip, so it is taken from one instance of that.
// What the core reports as not implemented is thrown as UndefinedInstruction, a breakpoint instruction as
// BreakInstruction: what they mean is processor.ts.

import { RP2040 } from 'rp2040js';

export type ThumbCore = RP2040['core'];

/** What the core asks of its surroundings. Addresses may come signed. */
export interface ThumbBus {
  readUint32(address: number): number;
  readUint16(address: number): number;
  readUint8(address: number): number;
  writeUint32(address: number, value: number): void;
  writeUint16(address: number, value: number): void;
  writeUint8(address: number, value: number): void;
}

/**
 * The core does not have the instruction, or its access is not aligned: a HardFault (DDI 0419, B1.5.4).
 */
export class UndefinedInstruction extends Error {
  override readonly name = 'UndefinedInstruction';
}

/** BKPT or UDF was reached. */
export class BreakInstruction extends Error {
  override readonly name = 'BreakInstruction';
}

interface CoreSurroundings extends ThumbBus {
  readonly logger: Record<'debug' | 'info' | 'warn' | 'error', (component: string, message: string) => void>;
  onBreak(code: number): void;
}

let coreClass: (new (surroundings: CoreSurroundings) => ThumbCore) | undefined;

/** A core after construction; `resetCore` gives it its first stack pointer and instruction. */
export function createThumbCore(bus: ThumbBus): ThumbCore {
  coreClass ??= new RP2040().core.constructor as new (surroundings: CoreSurroundings) => ThumbCore;
  const refuse = (_: string, message: string): never => {
    throw new UndefinedInstruction(message);
  };
  const core = new coreClass({
    readUint32: (address) => bus.readUint32(address),
    readUint16: (address) => bus.readUint16(address),
    readUint8: (address) => bus.readUint8(address),
    writeUint32: (address, value) => bus.writeUint32(address, value),
    writeUint16: (address, value) => bus.writeUint16(address, value),
    writeUint8: (address, value) => bus.writeUint8(address, value),
    logger: { debug: () => {}, info: () => {}, warn: refuse, error: refuse },
    onBreak: () => {
      throw new BreakInstruction();
    },
  });
  needThumbState(core);
  return core;
}

/**
 * BX and POP to an even address leave Thumb state, of which ARMv6-M has no other: INVSTATE
 * (DDI 0419, A4.1.1 and B1.5.4).
 */
function needThumbState(core: ThumbCore): void {
  const write = core.BXWritePC.bind(core);
  core.BXWritePC = (address) => {
    if ((address & 1) === 0) throw new UndefinedInstruction(`branch to 0x${(address >>> 0).toString(16)}`);
    write(address);
  };
}

/** Everything but memory as after a reset, except stack pointer and program counter (DDI 0419, B1.5.5). */
export function clearCore(core: ThumbCore): void {
  core.registers.fill(0);
  core.registers[14] = 0xffff_ffff;
  core.bankedSP = 0;
  core.APSR = 0;
  core.IPSR = 0;
  core.PM = false;
  core.nPRIV = false;
  core.SPSEL = 0;
  core.currentMode = 0;
  core.cycles = 0;
  core.waiting = false;
  core.eventRegistered = false;
  core.pendingInterrupts = 0;
  core.enabledInterrupts = 0;
  core.interruptPriorities = [0xffff_ffff, 0, 0, 0];
  core.pendingNMI = false;
  core.pendingPendSV = false;
  core.pendingSVCall = false;
  core.pendingSystick = false;
  core.interruptsUpdated = false;
  core.SHPR2 = 0;
  core.SHPR3 = 0;
}
