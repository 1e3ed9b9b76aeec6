// Flash operations that were begun by registers and last for their time: what they do to the cells shows
// when they end. A read of a bank in which one runs, and the next operation, wait for it (time passes); who
// polls the status sees it busy. A reset or the loss of power in the middle tears it. RM0090 3.6,
// RM0433 4.3.8, RM0351 3.3.4, RM0444 3.3.5.

export interface OperationTime {
  /** Simulated time, the cycles of a running core included. */
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
}

export interface LastingOperation {
  /**
   * Banks that cannot be read meanwhile; none for option bytes, which make every bank
   * busy and none unreadable.
   */
  readonly banks: readonly number[];
  readonly durationUs: number;
  readonly complete: () => void;
  readonly tear: () => void;
}

interface Running extends LastingOperation {
  readonly endUs: number;
}

/**
 * A tight loop that polls the status would look thousands of times: each look moves time on by this part of
 * the operation, so that the loop ends after as many looks, however long a page takes to erase.
 */
const looksPerOperation = 4;

/** Times are sums of fractions of a cycle: equal ones can differ by less than this. */
const roundingUs = 1e-6;

export class OperationsUnderWay {
  readonly #time: OperationTime;
  #running: Running[] = [];

  constructor(time: OperationTime) {
    this.#time = time;
  }

  begin(operation: LastingOperation): void {
    this.#running.push({ ...operation, endUs: this.#time.nowUs() + operation.durationUs });
  }

  /** Lets end what has come to its end by now. */
  #settle(): void {
    const now = this.#time.nowUs();
    const ended = this.#running.filter(({ endUs }) => endUs <= now + roundingUs);
    if (ended.length === 0) return;
    this.#running = this.#running.filter(({ endUs }) => endUs > now + roundingUs);
    for (const operation of ended) operation.complete();
  }

  /** Whether nothing runs. Time does not pass. */
  get idle(): boolean {
    this.#settle();
    return this.#running.length === 0;
  }

  /** Waits until no operation runs in the bank, or in any. */
  waitFor(bank?: number): void {
    while (this.#running.length > 0) {
      const one = this.#running.find(({ banks }) => bank === undefined || banks.includes(bank));
      if (one === undefined) return;
      this.#time.waitUntilUs(one.endUs);
      this.#settle();
    }
  }

  /** Whether an operation runs in the bank, or in any, as one look at the status register finds it. */
  look(bank?: number): boolean {
    if (this.#running.length === 0) return false;
    this.#settle();
    const one = this.#running.find(
      ({ banks }) => bank === undefined || banks.length === 0 || banks.includes(bank),
    );
    if (one === undefined) return false;
    const step = this.#time.nowUs() + one.durationUs / looksPerOperation;
    this.#time.waitUntilUs(Math.min(one.endUs, step));
    return true;
  }

  /** A reset or the end of power: what runs is left half done. */
  tear(): void {
    const running = this.#running;
    this.#running = [];
    for (const operation of running) operation.tear();
  }

  /** Ends everything at once, for who keeps the state of the chip. */
  finish(): void {
    const running = this.#running;
    this.#running = [];
    for (const operation of running) operation.complete();
  }

  /** A snapshot came back: what ran then was not begun. */
  forget(): void {
    this.#running = [];
  }
}
