// Segments: what every reader produces and the only way to produce it. The limits here hold for
// all formats and are checked before anything is allocated, so that a hostile file costs no
// more than what it really contains.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** Bytes for one range of addresses; `address` is the first byte's, 0 to 2^32 - 1. */
export interface Segment {
  readonly address: number;
  readonly bytes: Bytes;
}

export const fileSizeMaxBytes = 64 * 1024 * 1024;
export const imageSizeMaxBytes = 16 * 1024 * 1024;
export const segmentCountMax = 4096;
const addressSpaceSizeBytes = 2 ** 32;

/** `0x08000000`, as addresses stand in messages. */
export function showAddress(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}

const runCapacityLeastBytes = 64;

/** Bytes at consecutive addresses, in the order in which the file gave them. */
class Run {
  readonly address: number;
  sizeBytes = 0;
  #buffer: Bytes;

  constructor(address: number, bytes: Uint8Array) {
    this.address = address;
    this.#buffer = new Uint8Array(Math.max(bytes.length, runCapacityLeastBytes));
    this.append(bytes);
  }

  get addressEnd(): number {
    return this.address + this.sizeBytes;
  }

  append(bytes: Uint8Array): void {
    const sizeBytes = this.sizeBytes + bytes.length;
    if (sizeBytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(sizeBytes, 2 * this.#buffer.length));
      larger.set(this.bytes());
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  bytes(): Bytes {
    return this.#buffer.subarray(0, this.sizeBytes);
  }
}

/** Collects a file's pieces in any order. Copies what it is given; the file's array stays the caller's. */
export class SegmentCollector {
  readonly #runs: Run[] = [];
  #sizeBytes = 0;

  /** End of the piece that was added last (one past its last byte); 0 before the first. */
  get addressEnd(): number {
    return this.#runs.at(-1)?.addressEnd ?? 0;
  }

  /**
   * Adds a piece; an empty one is ignored. Throws `image-address-wraps`, `image-too-large`,
   * `image-too-many-segments`.
   */
  add(address: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // address is below 2^32 and length below 2^26: the sum is exact in a double.
    if (address + bytes.length > addressSpaceSizeBytes)
      throw new Fault('image-address-wraps', { address: showAddress(address), sizeBytes: bytes.length });
    if (this.#sizeBytes + bytes.length > imageSizeMaxBytes)
      throw new Fault('image-too-large', { mostBytes: imageSizeMaxBytes });
    const last = this.#runs.at(-1);
    if (last?.addressEnd === address) last.append(bytes);
    else {
      if (this.#runs.length === segmentCountMax)
        throw new Fault('image-too-many-segments', { most: segmentCountMax });
      this.#runs.push(new Run(address, bytes));
    }
    this.#sizeBytes += bytes.length;
  }

  /** Throws `image-overlap` when a byte of the range has been given already. */
  refuseOverlap(address: number, sizeBytes: number): void {
    for (const run of this.#runs)
      if (address < run.addressEnd && run.address < address + sizeBytes)
        throw new Fault('image-overlap', { address: showAddress(Math.max(address, run.address)) });
  }

  /**
   * The pieces sorted by address, adjacent ones merged. Throws `image-overlap`, and
   * `image-no-data` when there are none.
   */
  finish(format: string): Segment[] {
    if (this.#runs.length === 0) throw new Fault('image-no-data', { format });
    const merged: Run[] = [];
    for (const run of this.#runs.toSorted((a, b) => a.address - b.address)) {
      const last = merged.at(-1);
      if (last && run.address < last.addressEnd)
        throw new Fault('image-overlap', { address: showAddress(run.address) });
      // The collector ends here, so its runs may be grown in place.
      if (last?.addressEnd === run.address) last.append(run.bytes());
      else merged.push(run);
    }
    return merged.map((run) => ({ address: run.address, bytes: run.bytes().slice() }));
  }
}
