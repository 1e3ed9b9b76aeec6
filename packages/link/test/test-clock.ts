// A clock whose time passes only when everything else stands still: whoever waits
// for hours is served at once.

import type { Clock } from '../src/index.ts';

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

const standstill = () => new Promise<void>((resolve) => setImmediate(resolve));

export class TestClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass until the promise settles; throws when it still waits and no timer is left. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watch = promise.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    while (!settled) {
      await standstill();
      await standstill();
      if (settled) break;
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) => (first === undefined || timer.atMs < first.atMs ? timer : first),
        undefined,
      );
      if (next === undefined) throw new Error(`nothing moves at ${this.#nowMs} ms`);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    await watch;
    return promise;
  }
}
