// SysTick (DDI 0419, B3.3): counts cycles of the core by simulated time. A change of the core clock
// changes its pace from the next reload on.

export interface TimerParts {
  readonly nowUs: () => number;
  readonly coreHz: () => number;
  /** Software looked whether time is over, and it is not until then. */
  readonly lookedEarly: (dueUs: number) => void;
}

const control = { enable: 1, interrupt: 2, processorClock: 4, counted: 1 << 16 };

export class SystemTimer {
  readonly #parts: TimerParts;
  #control = 0;
  #reload = 0;
  #startUs = 0;
  #readWraps = 0;
  #ticks = 0;

  constructor(parts: TimerParts) {
    this.#parts = parts;
  }

  reset(): void {
    this.#control = 0;
    this.#reload = 0;
    this.#restart();
  }

  #restart(): void {
    this.#startUs = this.#parts.nowUs();
    this.#readWraps = 0;
    this.#ticks = 0;
  }

  get #periodUs(): number {
    return ((this.#reload + 1) * 1e6) / this.#parts.coreHz();
  }

  get #wraps(): number {
    if (!(this.#control & control.enable) || this.#reload === 0) return 0;
    // A thousandth of a cycle keeps sums of fractions from falling just short of the period.
    return Math.floor((this.#parts.nowUs() - this.#startUs) / this.#periodUs + 1e-9);
  }

  /** Simulated time of the next interrupt. */
  get nextTickUs(): number | undefined {
    const { enable, interrupt } = control;
    if ((this.#control & (enable | interrupt)) !== (enable | interrupt) || this.#reload === 0)
      return undefined;
    return this.#startUs + (this.#ticks + 1) * this.#periodUs;
  }

  /** The interrupt of that tick was made pending; ticks that were missed meanwhile are one. */
  noteTick(): void {
    this.#ticks = Math.max(this.#ticks + 1, this.#wraps);
  }

  #noteEarlyLook(): void {
    if (!(this.#control & control.enable) || this.#reload === 0 || this.#wraps > this.#readWraps) return;
    this.#parts.lookedEarly(this.#startUs + (this.#readWraps + 1) * this.#periodUs);
  }

  read(offset: number): number {
    if (offset === 0x10) {
      this.#noteEarlyLook();
      const wraps = this.#wraps;
      const counted = wraps > this.#readWraps ? control.counted : 0;
      this.#readWraps = wraps;
      return this.#control | counted;
    }
    if (offset === 0x14) return this.#reload;
    if (offset !== 0x18 || !(this.#control & control.enable) || this.#reload === 0) return 0;
    const cycles = Math.floor(((this.#parts.nowUs() - this.#startUs) * this.#parts.coreHz()) / 1e6);
    return this.#reload - (cycles % (this.#reload + 1));
  }

  write(offset: number, value: number): void {
    if (offset === 0x10) {
      const started = (value & control.enable) !== 0 && !(this.#control & control.enable);
      this.#control = value & 7;
      if (started) this.#restart();
    } else if (offset === 0x14) this.#reload = value & 0xff_ffff;
    else if (offset === 0x18) this.#restart();
  }
}
