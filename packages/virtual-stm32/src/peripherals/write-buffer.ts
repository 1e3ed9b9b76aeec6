// The buffer in front of flash that is programmed a whole word of 8, 16 or 32 bytes at a time: stores collect
// until the word is complete (RM0433 4.3.9, RM0444 3.3.8, RM0456 7.3.9).

export class WriteBuffer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #address: number | undefined;
  #filled = 0;
  readonly #written: Uint8Array;

  constructor(unitBytes: number) {
    this.#bytes = new Uint8Array(unitBytes).fill(0xff);
    this.#written = new Uint8Array(unitBytes);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** Address that follows what was put so far in ascending order; undefined while the buffer is empty. */
  get next(): number | undefined {
    return this.#address === undefined ? undefined : this.#address + this.#filled;
  }

  get empty(): boolean {
    return this.#address === undefined;
  }

  /**
   * `full`: the word can be taken. `elsewhere`: not the word that was begun, `twice`: a byte that was
   * given already; nothing was taken in.
   */
  put(address: number, bytes: Uint8Array): 'more' | 'full' | 'elsewhere' | 'twice' {
    const word = address - (address % this.#bytes.length);
    if (this.#address !== undefined && this.#address !== word) return 'elsewhere';
    const at = address - word;
    if (this.#written.subarray(at, at + bytes.length).includes(1)) return 'twice';
    this.#written.fill(1, at, at + bytes.length);
    this.#address = word;
    this.#bytes.set(bytes, at);
    this.#filled += bytes.length;
    return this.#filled >= this.#bytes.length ? 'full' : 'more';
  }

  /** What was collected, the rest 0xFF; leaves the buffer empty. */
  take(): { address: number; bytes: Uint8Array<ArrayBuffer> } | undefined {
    const address = this.#address;
    if (address === undefined) return undefined;
    const bytes = this.#bytes.slice();
    this.clear();
    return { address, bytes };
  }

  clear(): void {
    this.#address = undefined;
    this.#filled = 0;
    this.#bytes.fill(0xff);
    this.#written.fill(0);
  }

  keep(): () => void {
    if (this.empty) return () => this.clear();
    const kept = [this.#address, this.#filled] as const;
    const [bytes, written] = [this.#bytes.slice(), this.#written.slice()];
    return () => {
      [this.#address, this.#filled] = kept;
      this.#bytes.set(bytes);
      this.#written.set(written);
    };
  }
}
