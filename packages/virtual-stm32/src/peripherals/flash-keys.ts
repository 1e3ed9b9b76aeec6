// The lock of a flash controller: two keys written in order open it, anything else closes it until the
// next reset (RM0090 3.6.1, RM0433 4.5.1, RM0444 3.3.6; ST SVD H7B0, FLASH_CR1.LOCK1 and H563,
// FLASH_NSCR.LOCK for the sequence given twice).

export class FlashKeys {
  readonly #keys: readonly [number, number];
  #position = 0;
  #locked = true;
  #spoilt = false;
  readonly #onceOnly: boolean;

  /** `onceOnly`: the sequence given to an open lock shuts it until the next reset (H7, H5). */
  constructor(keys: readonly [number, number], { onceOnly = false }: { readonly onceOnly?: boolean } = {}) {
    this.#keys = keys;
    this.#onceOnly = onceOnly;
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** Nothing opens it any more before a reset. */
  get spoilt(): boolean {
    return this.#spoilt;
  }

  writeKey(value: number): void {
    if (this.#spoilt) return;
    if (!this.#locked) this.#writeToOpen(value);
    else if (value !== this.#keys[this.#position]) this.#spoilt = true;
    else if (this.#position === 0) this.#position = 1;
    else {
      this.#locked = false;
      this.#position = 0;
    }
  }

  #writeToOpen(value: number): void {
    if (!this.#onceOnly) return;
    if (value !== this.#keys[this.#position]) this.#position = 0;
    else if (this.#position === 0) this.#position = 1;
    else {
      this.#spoilt = true;
      this.#locked = true;
    }
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

  keep(): () => void {
    const kept = [this.#position, this.#locked, this.#spoilt] as const;
    return () => {
      [this.#position, this.#locked, this.#spoilt] = kept;
    };
  }
}
