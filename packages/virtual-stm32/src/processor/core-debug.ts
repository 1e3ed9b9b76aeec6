// Halting debug: DHCSR, DCRSR, DCRDR, DEMCR, DFSR (DDI 0419, C1.6; the same places in ARMv7-M). Kept over a
// system reset, as on silicon; only loss of power clears it.

import type { HaltReason, Processor } from './processor.ts';

export interface CoreDebugHooks {
  /** The debugger wants the core to run on. */
  readonly resume: () => void;
  /** The core was stopped by the debugger or a debug event. */
  readonly halted: () => void;
}

const keyStart = 0xa05f;
/** DHCSR. */
const control = { enable: 1, halt: 2, step: 4 };
const state = {
  ready: 1 << 16,
  halted: 1 << 17,
  sleeps: 1 << 18,
  lockup: 1 << 19,
  retired: 1 << 24,
  reset: 1 << 25,
};
/** DFSR. */
const events = { halted: 1, breakpoint: 2, vectorCatch: 8 };
/** DEMCR. */
const catches = { reset: 1, hardFault: 1 << 10 };

const eventOf: Readonly<Record<HaltReason, number>> = {
  request: events.halted,
  breakpoint: events.breakpoint,
  'vector-catch': events.vectorCatch,
};

export class CoreDebug {
  readonly #processor: Processor;
  readonly #hooks: CoreDebugHooks;
  #control = 0;
  #exceptions = 0;
  #data = 0;
  #events = 0;
  #wasReset = false;
  #retiredSeen = 0;

  constructor(processor: Processor, hooks: CoreDebugHooks) {
    this.#processor = processor;
    this.#hooks = hooks;
  }

  get enabled(): boolean {
    return (this.#control & control.enable) !== 0;
  }

  get catchesReset(): boolean {
    return this.enabled && (this.#exceptions & catches.reset) !== 0;
  }

  get catchesHardFault(): boolean {
    return this.enabled && (this.#exceptions & catches.hardFault) !== 0;
  }

  noteReset(): void {
    this.#wasReset = true;
    this.#control &= ~(control.halt | control.step);
  }

  losePower(): void {
    this.#control = 0;
    this.#exceptions = 0;
    this.#data = 0;
    this.#events = 0;
    this.#wasReset = false;
  }

  noteHalt(reason: HaltReason): void {
    this.#events |= eventOf[reason];
    this.#hooks.halted();
  }

  /** Offsets within the system control space. */
  read(offset: number): number {
    if (offset === 0xd30) return this.#events;
    if (offset === 0xdf0) return this.#status();
    if (offset === 0xdf8) return this.#data;
    return offset === 0xdfc ? this.#exceptions : 0;
  }

  write(offset: number, value: number): void {
    if (offset === 0xd30) this.#events &= ~value;
    else if (offset === 0xdf0) this.#writeControl(value);
    else if (offset === 0xdf4) this.#transfer(value);
    else if (offset === 0xdf8) this.#data = value >>> 0;
    else if (offset === 0xdfc) this.#exceptions = (value & 0x0100_07ff) >>> 0;
  }

  #status(): number {
    const { halted, lockedUp, sleeping, retired } = this.#processor;
    const bits =
      (this.#control & 0xffff) |
      state.ready |
      (halted ? state.halted : 0) |
      (sleeping ? state.sleeps : 0) |
      (lockedUp && !halted ? state.lockup : 0) |
      (retired !== this.#retiredSeen ? state.retired : 0) |
      (this.#wasReset ? state.reset : 0);
    this.#retiredSeen = retired;
    this.#wasReset = false;
    return bits >>> 0;
  }

  #writeControl(value: number): void {
    if (value >>> 16 !== keyStart) return;
    const processor = this.#processor;
    this.#control = value & 0x2f;
    if (!this.enabled) {
      if (processor.halted) this.#hooks.resume();
      return;
    }
    if (value & control.halt) processor.halt('request');
    else if (processor.halted && value & control.step) {
      processor.step();
      this.#events |= events.halted;
    } else if (processor.halted) this.#hooks.resume();
  }

  /** DCRSR: between DCRDR and a core register, by its number (DDI 0419, C1.6.3). */
  #transfer(selector: number): void {
    const register = selector & 0x7f;
    if (selector & (1 << 16)) this.#setRegister(register, this.#data);
    else this.#data = this.#register(register) >>> 0;
  }

  #register(number: number): number {
    const { core } = this.#processor;
    if (number <= 14) return core.registers[number]!;
    if (number === 15) return core.PC & ~1;
    if (number === 16) return core.xPSR;
    if (number === 17) return core.SPmain;
    if (number === 18) return core.SPprocess;
    if (number === 20) return ((core.SPSEL ? 2 : 0) << 24) | ((core.nPRIV ? 1 : 0) << 24) | (core.PM ? 1 : 0);
    return 0;
  }

  #setRegister(number: number, value: number): void {
    const { core } = this.#processor;
    if (number <= 14) core.registers[number] = number === 13 ? value & ~3 : value;
    else if (number === 15) {
      core.PC = (value & ~1) >>> 0;
      this.#processor.leaveLockup();
    } else if (number === 16) {
      core.xPSR = value;
      core.currentMode = core.IPSR === 0 ? 0 : 1;
    } else if (number === 17) core.SPmain = value & ~3;
    else if (number === 18) core.SPprocess = value & ~3;
    else if (number === 20) {
      core.PM = (value & 1) !== 0;
      core.interruptsUpdated = true;
      core.writeSpecialRegister(20, value >>> 24);
    }
  }
}
