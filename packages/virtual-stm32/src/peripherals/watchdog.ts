// Watchdogs. IWDG: KR +00, PR +04, RLR +08, SR +0C (RM0090 21.4, RM0433 45.4), from the 32 kHz oscillator.
// WWDG: CR +00, CFR +04 (RM0444 29.5, RM0456 66.5), from PCLK / 4096. Both run on the simulated clock; the
// reset comes at the next look of the processor after the time is over, and feeding comes too late by then.
// While the chip waits for a host, no time of IWDG counts: on silicon the firmware's loop would feed it.

import { RegisterBlock } from './peripheral.ts';

const keys = { start: 0xcccc, access: 0x5555, feed: 0xaaaa };
const oscillatorHz = 32_000;

/** Time of the chip, and whether an option bit lets hardware start the watchdog at each reset. */
export interface WatchdogParts {
  readonly nowUs: () => number;
  readonly startsByItself: () => boolean;
}

export class IndependentWatchdog extends RegisterBlock {
  readonly #parts: WatchdogParts;
  #runs = false;
  #writable = false;
  #fedUs = 0;

  constructor(addressStart: number, parts: WatchdogParts) {
    super({ name: 'IWDG', addressStart, sizeBytes: 0x400, resetValues: { 8: 0xfff } });
    this.#parts = parts;
  }

  /** The simulated time at which it bites; undefined while it does not run. */
  get deadlineUs(): number | undefined {
    if (!this.#runs) return undefined;
    const divider = 4 << Math.min(this.held(0x04) & 7, 6);
    return this.#fedUs + ((this.held(0x08) + 1) * divider * 1e6) / oscillatorHz;
  }

  /** Time that does not count. */
  pause(us: number): void {
    this.#fedUs += us;
  }

  override readRegister(offset: number): number {
    return offset === 0x04 || offset === 0x08 ? this.held(offset) : 0;
  }

  override writeRegister(offset: number, value: number): void {
    const now = this.#parts.nowUs();
    const isOver = this.deadlineUs !== undefined && now >= this.deadlineUs;
    if (isOver) return;
    if (offset === 0x00) {
      this.#writable = value === keys.access;
      if (value === keys.start) this.#runs = true;
      if (value === keys.start || value === keys.feed) this.#fedUs = now;
    } else if (this.#writable && (offset === 0x04 || offset === 0x08)) this.hold(offset, value & 0xfff);
  }

  override reset(): void {
    super.reset();
    this.#runs = this.#parts.startsByItself();
    this.#writable = false;
    this.#fedUs = this.#parts.nowUs();
  }
}

const activation = 0x80;
const countBits = 0x7f;
/** The chip is reset when the counter falls from here. */
const lastCount = 0x40;
const cyclesOfACount = 4096;

export class WindowWatchdog extends RegisterBlock {
  readonly #parts: WatchdogParts & { readonly clockHz: () => number };
  readonly #prescalerAt: number;
  #count = countBits;
  #countedUs = 0;
  #bites = false;

  /** `prescalerAt`: first bit of WDGTB in CFR; 7 on F4, 11 later. */
  constructor(
    { addressStart, prescalerAt }: { readonly addressStart: number; readonly prescalerAt: number },
    parts: WatchdogParts & { readonly clockHz: () => number },
  ) {
    const resetValues = { 0: countBits, 4: countBits };
    super({ name: 'WWDG', addressStart, sizeBytes: 0x400, resetValues });
    this.#parts = parts;
    this.#prescalerAt = prescalerAt;
  }

  get #runs(): boolean {
    return (this.held(0) & activation) !== 0;
  }

  /** Counts down what time has passed at the clock that stands now; whether the chip is to be reset. */
  bites(): boolean {
    if (!this.#runs) return false;
    const now = this.#parts.nowUs();
    const prescaler = 1 << ((this.held(4) >>> this.#prescalerAt) & 7);
    const countUs = (cyclesOfACount * prescaler * 1e6) / this.#parts.clockHz();
    const counts = Math.floor((now - this.#countedUs) / countUs);
    this.#count -= counts;
    this.#countedUs += counts * countUs;
    this.#bites ||= this.#count < lastCount;
    return this.#bites;
  }

  override readRegister(offset: number): number {
    this.bites();
    return offset === 0 && this.#runs ? activation | (this.#count & countBits) : super.readRegister(offset);
  }

  override writeRegister(offset: number, value: number): void {
    if (this.bites()) return;
    if (offset !== 0) {
      if (offset === 4) this.hold(4, value);
      return;
    }
    // A reload while the counter is above the window, or to below its end, resets at once.
    if (this.#runs && this.#count > (this.held(4) & countBits)) this.#bites = true;
    const isStarted = !this.#runs && (value & activation) !== 0;
    this.hold(0, (value | (this.held(0) & activation)) & 0xff);
    this.#count = value & countBits;
    if (isStarted) this.#countedUs = this.#parts.nowUs();
    if (this.#runs && this.#count < lastCount) this.#bites = true;
  }

  override reset(): void {
    super.reset();
    this.#bites = false;
    this.#count = countBits;
    this.#countedUs = this.#parts.nowUs();
    if (this.#parts.startsByItself()) this.hold(0, activation | countBits);
  }
}
