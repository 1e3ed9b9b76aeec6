// Reads little-endian fields of a binary header, each read bounded by the file.

import { Fault } from '@firmseal/fault';

/** A view of one part of a file. `what` names it in faults. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /**
   * Checks that offset + sizeBytes lies within the part; both may be any value of the file's (below 2^33, so
   * exact). Throws `bytes-truncated`.
   */
  require(offset: number, sizeBytes: number): void {
    const available = Math.max(0, this.#bytes.length - offset);
    if (sizeBytes > available)
      throw new Fault('bytes-truncated', { what: this.#what, available, needed: sizeBytes });
  }

  /** A view of the range, not a copy. */
  slice(offset: number, sizeBytes: number): Uint8Array {
    this.require(offset, sizeBytes);
    return this.#bytes.subarray(offset, offset + sizeBytes);
  }

  u8(offset: number): number {
    this.require(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.require(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.require(offset, 4);
    return this.#view.getUint32(offset, true);
  }
}
