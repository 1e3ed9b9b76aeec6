// At most so many at the same time: first come, first served.

export class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(mostAtOnce: number) {
    this.#free = mostAtOnce;
  }

  get isFree(): boolean {
    return this.#free > 0;
  }

  /** Runs the work once there is room. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes to the next in line without becoming free in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
