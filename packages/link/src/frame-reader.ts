// Collects frames from a stream of bytes, whoever sends them: constant memory, and everything that is no
// frame is dropped without a word up to the next zero byte. spec/link.md section 1.

import { cobsLongestBytes } from './cobs.ts';
import { decodeFrame, type Frame, frameContentBytes, frameLongestContentBytes } from './frame.ts';

export class FrameReader {
  readonly #buffer: Uint8Array;
  readonly #longestContentBytes: number;
  #filled = 0;
  #overlong = false;
  #dropped = 0;

  /** `longestContentBytes`: a longer frame is dropped as it arrives. */
  constructor(longestContentBytes: number = frameLongestContentBytes) {
    this.#buffer = new Uint8Array(cobsLongestBytes(longestContentBytes));
    this.#longestContentBytes = longestContentBytes;
  }

  /** How many frames were damaged or too long so far; an empty one is no loss. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes bytes from the line and hands each whole frame to `take`, in order. */
  push(bytes: Uint8Array, take: (frame: Frame) => void): void {
    let from = 0;
    while (from < bytes.length) {
      const zeroAt = bytes.indexOf(0, from);
      const to = zeroAt === -1 ? bytes.length : zeroAt;
      this.#keep(bytes.subarray(from, to));
      if (zeroAt === -1) return;
      const frame = this.#finish();
      if (frame !== undefined) take(frame);
      from = zeroAt + 1;
    }
  }

  #keep(part: Uint8Array): void {
    // The length is the sender's choice; the buffer is not, so what does not fit only sets the flag.
    if (this.#filled + part.length > this.#buffer.length) this.#overlong = true;
    if (this.#overlong) return;
    this.#buffer.set(part, this.#filled);
    this.#filled += part.length;
  }

  #finish(): Frame | undefined {
    const empty = this.#filled === 0 && !this.#overlong;
    const decoded = this.#overlong || empty ? undefined : decodeFrame(this.#buffer.subarray(0, this.#filled));
    // The buffer has room for the worst encoding: with zeros in it, a content may be longer
    // than it should and still fit.
    const fits = decoded && frameContentBytes(decoded.body.length) <= this.#longestContentBytes;
    const frame = fits ? decoded : undefined;
    if (frame === undefined && !empty) this.#dropped++;
    this.#filled = 0;
    this.#overlong = false;
    return frame;
  }
}
