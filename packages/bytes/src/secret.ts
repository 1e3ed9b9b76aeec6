// A wrapper for key material that refuses to appear in a log, an error text or JSON.

import type { Bytes } from './bytes.ts';

/** Holds secret bytes; `expose()` is the only way to them, `wipe()` overwrites them. */
export class Secret {
  readonly #bytes: Bytes;

  /** Takes ownership of the array: the caller keeps no other reference to it. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  expose(): Bytes {
    return this.#bytes;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
