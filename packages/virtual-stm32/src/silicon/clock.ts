// Time of a simulated chip: it advances only when somebody says so. A chip advances it by what its flash
// needs; several chips may share one clock or have one each.

export class SimulatedClock {
  #nowUs = 0;

  /** Microseconds since the clock was made. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Moves time forward. RangeError for a negative step. */
  advance(stepUs: number): void {
    if (!(stepUs >= 0)) throw new RangeError(`time cannot advance by ${stepUs}`);
    this.#nowUs += stepUs;
  }
}
