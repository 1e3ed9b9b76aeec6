// System control space (DDI 0419, B3.2 to B3.4): identity, vector table, system reset, exception state,
// SysTick, a part of the NVIC, and the debug registers behind core-debug.ts. The identity is the chip's.
// Every fault is a HardFault; from Armv7-M on, CFSR and HFSR keep its cause until a 1 is written.

import { ChipReset } from '../chip/signals.ts';
import type { Peripheral } from '../peripherals/peripheral.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { CoreDebug } from './core-debug.ts';
import type { Processor } from './processor.ts';
import type { SystemTimer } from './system-timer.ts';

const offsets = {
  timerFirst: 0x10,
  timerLast: 0x1c,
  enable: 0x100,
  disable: 0x180,
  setPending: 0x200,
  clearPending: 0x280,
  identity: 0xd00,
  interruptState: 0xd04,
  vectorTable: 0xd08,
  reset: 0xd0c,
  priority2: 0xd1c,
  priority3: 0xd20,
  configurableFaults: 0xd28,
  hardFaults: 0xd2c,
  debugEvents: 0xd30,
  debugFirst: 0xdf0,
  debugLast: 0xdfc,
} as const;

const resetKey = 0x05fa;
const resetRequest = 4;
/** ICSR. */
const pending = { timer: 1 << 26, clearTimer: 1 << 25, pendsv: 1 << 28, clearPendsv: 1 << 27 };

export interface SystemControlParts {
  readonly cpuId: number;
  /** VTOR holds multiples of it: the table's size (DDI 0403, B3.2.5; PM0214 4.4.4). */
  readonly vectorAlignmentBytes: number;
  /** Identification registers, by offset. */
  readonly identity: Readonly<Record<number, number>>;
  readonly processor: Processor;
  readonly timer: SystemTimer;
  readonly debug: CoreDebug;
}

export class SystemControlSpace implements Peripheral {
  readonly name = 'SCS';
  readonly addressStart = 0xe000_e000;
  readonly sizeBytes = 0x1000;
  readonly #parts: SystemControlParts;

  constructor(parts: SystemControlParts) {
    this.#parts = parts;
  }

  reset(): void {
    this.#parts.timer.reset();
  }

  losePower(): void {
    this.#parts.debug.losePower();
  }

  #isDebug(offset: number): boolean {
    return offset === offsets.debugEvents || (offset >= offsets.debugFirst && offset <= offsets.debugLast);
  }

  readRegister(offset: number): number {
    const { processor, timer, debug, cpuId } = this.#parts;
    const { core } = processor;
    if (this.#isDebug(offset)) return debug.read(offset);
    if (offset >= offsets.timerFirst && offset <= offsets.timerLast) return timer.read(offset);
    switch (offset) {
      case offsets.enable:
      case offsets.disable:
        return core.enabledInterrupts >>> 0;
      case offsets.setPending:
      case offsets.clearPending:
        return core.pendingInterrupts >>> 0;
      case offsets.identity:
        return cpuId;
      case offsets.interruptState:
        return (
          core.IPSR | (core.pendingSystick ? pending.timer : 0) | (core.pendingPendSV ? pending.pendsv : 0)
        );
      case offsets.vectorTable:
        return core.VTOR >>> 0;
      case offsets.configurableFaults:
        return processor.faults.configurable;
      case offsets.hardFaults:
        return processor.faults.hard;
      case offsets.reset:
        return 0xfa05_0000;
      case offsets.priority2:
        return core.SHPR2 >>> 0;
      case offsets.priority3:
        return core.SHPR3 >>> 0;
      default:
        return this.#parts.identity[offset] ?? 0;
    }
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { processor, timer, debug } = this.#parts;
    const { core } = processor;
    if (this.#isDebug(offset)) {
      // Software cannot halt its own core by these registers without a debugger (DDI 0419, C1.6.2).
      if (by.master === 'debug') debug.write(offset, value);
    } else if (offset >= offsets.timerFirst && offset <= offsets.timerLast) timer.write(offset, value);
    else if (offset === offsets.reset) {
      if (value >>> 16 === resetKey && value & resetRequest)
        throw new ChipReset(by.master === 'debug' ? 'debug' : 'software');
    } else if (offset === offsets.vectorTable) this.#setVectorTable(value);
    else if (offset === offsets.configurableFaults) processor.faults.configurable &= ~value;
    else if (offset === offsets.hardFaults) processor.faults.hard &= ~value;
    else if (offset === offsets.interruptState) this.#setPending(value);
    else if (offset === offsets.priority2) core.SHPR2 = value;
    else if (offset === offsets.priority3) core.SHPR3 = value;
    else this.#writeInterrupts(offset, value);
    core.interruptsUpdated = true;
  }

  #setVectorTable(value: number): void {
    const { processor, vectorAlignmentBytes } = this.#parts;
    processor.core.VTOR = (value & -vectorAlignmentBytes) >>> 0;
  }

  #setPending(value: number): void {
    const { core } = this.#parts.processor;
    if (value & pending.timer) core.pendingSystick = true;
    if (value & pending.clearTimer) core.pendingSystick = false;
    if (value & pending.pendsv) core.pendingPendSV = true;
    if (value & pending.clearPendsv) core.pendingPendSV = false;
  }

  #writeInterrupts(offset: number, value: number): void {
    const { core } = this.#parts.processor;
    if (offset === offsets.enable) core.enabledInterrupts |= value;
    else if (offset === offsets.disable) core.enabledInterrupts &= ~value;
    else if (offset === offsets.setPending) core.pendingInterrupts |= value;
    else if (offset === offsets.clearPending) core.pendingInterrupts &= ~value;
  }
}
