// When what a chip says reaches its host. The chip does its work at once and only its simulated clock moves;
// a pacer either lets the host have it at once too, or holds it back until as much real time has passed.

export interface Pacer {
  /**
   * Calls `deliver` when simulated time `nowUs` is reached; calls come in the order in
   * which they were asked for.
   */
  at(nowUs: number, deliver: () => void): void;
  /** Forgets what is still held back. */
  close(): void;
}

/** Nobody waits: for tests, and wherever thousands of chips are programmed. */
export const unpaced: Pacer = {
  at: (_, deliver) => deliver(),
  close: () => {},
};

export interface RealTime {
  /** Milliseconds, of any origin. */
  readonly nowMs: () => number;
  /** Calls back after that time; gives what cancels it. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

const hostTime: RealTime = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * One chip's time against that of the host. While the chip waits its clock stands still: work begins when the
 * host asks for it, or when the work before it is over.
 */
export class RealTimePacer implements Pacer {
  readonly #time: RealTime;
  readonly #held: { readonly dueMs: number; readonly deliver: () => void }[] = [];
  #seenUs: number;
  #busyUntilMs: number;
  #cancel: (() => void) | undefined;

  /** `nowUs` is the chip's clock at this moment. */
  constructor(nowUs: number, time: RealTime = hostTime) {
    this.#time = time;
    this.#seenUs = nowUs;
    this.#busyUntilMs = time.nowMs();
  }

  at(nowUs: number, deliver: () => void): void {
    const from = Math.max(this.#busyUntilMs, this.#time.nowMs());
    this.#busyUntilMs = from + Math.max(0, nowUs - this.#seenUs) / 1000;
    this.#seenUs = nowUs;
    this.#held.push({ dueMs: this.#busyUntilMs, deliver });
    this.#arm();
  }

  #arm(): void {
    const next = this.#held[0];
    if (next === undefined || this.#cancel !== undefined) return;
    const delayMs = next.dueMs - this.#time.nowMs();
    if (delayMs > 0) {
      this.#cancel = this.#time.after(delayMs, () => {
        this.#cancel = undefined;
        this.#arm();
      });
      return;
    }
    this.#held.shift();
    next.deliver();
    this.#arm();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#held.length = 0;
  }
}
