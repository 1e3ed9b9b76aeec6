// Independent watchdog: KR +00, PR +04, RLR +08, SR +0C (RM0090 21.4, RM0433 45.4). Runs on the simulated
// clock from the 32 kHz oscillator; the reset comes at the next instruction after the time is over. While the
// chip waits for a host, no time counts: on silicon the firmware's loop would feed it.

import { RegisterBlock } from './peripheral.ts';

const keys = { start: 0xcccc, access: 0x5555, feed: 0xaaaa };
const oscillatorHz = 32_000;

export class IndependentWatchdog extends RegisterBlock {
  readonly #nowUs: () => number;
  #runs = false;
  #writable = false;
  #fedUs = 0;

  constructor(addressStart: number, nowUs: () => number) {
    super({ name: 'IWDG', addressStart, sizeBytes: 0x400, resetValues: { 8: 0xfff } });
    this.#nowUs = nowUs;
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
    if (offset === 0x00) {
      this.#writable = value === keys.access;
      if (value === keys.start) this.#runs = true;
      if (value === keys.start || value === keys.feed) this.#fedUs = this.#nowUs();
    } else if (this.#writable && (offset === 0x04 || offset === 0x08)) this.hold(offset, value & 0xfff);
  }

  override reset(): void {
    super.reset();
    this.#runs = false;
    this.#writable = false;
  }
}
