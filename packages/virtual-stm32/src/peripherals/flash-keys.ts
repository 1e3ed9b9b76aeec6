// The lock of a flash controller: two keys written in order open it, anything else closes it until the next reset
// (RM0090 3.6.1, RM0433 4.5.1, RM0444 3.3.6).

export class FlashKeys {
  readonly #keys: readonly [number, number];
  #position = 0;
  #locked = true;
  #spoilt = false;

  constructor(keys: readonly [number, number]) {
    this.#keys = keys;
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** Nothing opens it any more before a reset. */
  get spoilt(): boolean {
    return this.#spoilt;
  }

  writeKey(value: number): void {
    if (this.#spoilt || !this.#locked) return;
    if (value !== this.#keys[this.#position]) this.#spoilt = true;
    else if (this.#position === 0) this.#position = 1;
    else this.#locked = false;
  }

  /** The lock bit of a control register was set. */
  lock(): void {
    this.#locked = true;
    this.#position = 0;
  }

  reset(): void {
    this.lock();
    this.#spoilt = false;
  }
}
