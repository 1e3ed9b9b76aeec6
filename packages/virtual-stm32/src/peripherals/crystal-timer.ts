// TIM11 of F4, as far as it measures the oscillator of the board: a counter at the timer clock, input capture
// of the oscillator divided for the RTC, each eighth edge (RM0090 6.2.11, 18.6). Software that looks for a
// capture waits for it: time passes.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';

const at = {
  control: 0x00,
  status: 0x10,
  capture: 0x18,
  enable: 0x20,
  captured: 0x34,
  option: 0x50,
} as const;
const flag = 1 << 1;
const everyEighth = 0x0d;
const fromCrystal = 2;

export interface CrystalTimerParts {
  readonly addressStart: number;
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  readonly timerHz: () => number;
  /** Of the oscillator as the RTC would get it; undefined while it does not run. */
  readonly dividedHz: () => number | undefined;
}

export class CrystalTimer extends RegisterBlock {
  readonly #parts: CrystalTimerParts;
  #startUs = 0;
  #edges = 0;

  constructor(parts: CrystalTimerParts) {
    super({ name: 'TIM11', addressStart: parts.addressStart, sizeBytes: 0x400 });
    this.#parts = parts;
  }

  override readRegister(offset: number): number {
    if (offset === at.status) this.#waitForEdges();
    const value = super.readRegister(offset);
    if (offset === at.captured) this.hold(at.status, this.held(at.status) & ~flag);
    return value;
  }

  #waitForEdges(): void {
    const hz = this.#parts.dividedHz();
    const measures =
      (this.held(at.control) & 1) === 1 &&
      (this.held(at.enable) & 1) === 1 &&
      this.held(at.capture) === everyEighth &&
      this.held(at.option) === fromCrystal;
    if (hz === undefined || !measures || (this.held(at.status) & flag) !== 0) return;
    this.#edges += 8;
    const dueUs = this.#startUs + (this.#edges * 1e6) / hz;
    this.#parts.waitUntilUs(dueUs);
    this.hold(at.captured, Math.round(((dueUs - this.#startUs) * this.#parts.timerHz()) / 1e6) & 0xffff);
    this.hold(at.status, this.held(at.status) | flag);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === at.control && (value & 1) === 1 && (this.held(at.control) & 1) === 0) {
      this.#startUs = this.#parts.nowUs();
      this.#edges = 0;
    }
    super.writeRegister(offset, value, by);
  }
}
