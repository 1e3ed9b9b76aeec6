// The supply of a chip over time, and what a low one does: below the brown-out level in force, or the
// power-on reset, there is no power; below what the flash needs, an erase or a program leaves what a torn one
// leaves, and no flag says so (RM0090 3.6.2: "not guaranteed"). The voltage detector (PVD) looks at it too.

/** VDD at a time; between two points it goes straight. */
export interface SupplyPoint {
  readonly atUs: number;
  readonly millivolts: number;
}

/** What ST's boards have. */
const soundMillivolts = 3300;

export interface SupplyLimits {
  readonly nowUs: () => number;
  /** Below it the chip is in reset. */
  readonly resetMillivolts: () => number;
  /** Below it flash is not erased and programmed well. */
  readonly flashMillivolts: number;
}

export class SupplyRail {
  readonly #limits: SupplyLimits;
  #points: readonly SupplyPoint[] = [{ atUs: 0, millivolts: soundMillivolts }];

  constructor(limits: SupplyLimits) {
    this.#limits = limits;
  }

  /** Replaces the course of the supply. RangeError without a point, or with times that do not rise. */
  follow(points: readonly SupplyPoint[]): void {
    if (points.length === 0 || points.some(({ atUs }, i) => i > 0 && atUs <= points[i - 1]!.atUs))
      throw new RangeError('a supply has points at rising times');
    this.#points = points;
  }

  /** At that voltage from now on. */
  hold(millivolts: number): void {
    this.#points = [{ atUs: 0, millivolts }];
  }

  #at(us: number): number {
    const next = this.#points.findIndex(({ atUs }) => atUs > us);
    if (next <= 0) return (next === 0 ? this.#points[0]! : this.#points.at(-1)!).millivolts;
    const [a, b] = [this.#points[next - 1]!, this.#points[next]!];
    return a.millivolts + ((b.millivolts - a.millivolts) * (us - a.atUs)) / (b.atUs - a.atUs);
  }

  /** A supply that nobody touched: the usual case, asked for at each access. */
  get #isSound(): boolean {
    return this.#points.length === 1 && this.#points[0]!.millivolts >= soundMillivolts;
  }

  /** VDD now. */
  get millivolts(): number {
    return this.#at(this.#limits.nowUs());
  }

  /** Whether the chip is held in reset. */
  get isBrownOut(): boolean {
    return !this.#isSound && this.millivolts < this.#limits.resetMillivolts();
  }

  get nowUs(): number {
    return this.#limits.nowUs();
  }

  /** Whether VDD was too low for the flash at any time from then until now. */
  failedFlashSince(us: number): boolean {
    if (this.#isSound) return false;
    const between = this.#points.filter(({ atUs }) => atUs > us && atUs < this.nowUs);
    const lowest = Math.min(this.#at(us), this.millivolts, ...between.map((one) => one.millivolts));
    return lowest < this.#limits.flashMillivolts;
  }
}
