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

/** Throws `image-overlap` at the first byte, from `address` on, that the run has with another value. */
function refuseDifference(run: Run, address: number, bytes: Uint8Array): void {
  const known = run.bytes().subarray(address - run.address, address - run.address + bytes.length);
  const at = bytes.findIndex((byte, i) => byte !== known[i]);
  if (at >= 0) throw new Fault('image-overlap', { address: showAddress(address + at) });
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

  /**
   * Whether every byte of the piece has been given before, with the same value. Throws `image-overlap` where
   * one was given with another value. For pieces that come in order but for such repetitions.
   */
  repeats(address: number, bytes: Uint8Array): boolean {
    const addressEnd = address + bytes.length;
    let repeated = 0;
    for (let i = this.#firstRunAfter(address); (this.#runs[i]?.address ?? addressEnd) < addressEnd; i++) {
      const run = this.#runs[i]!;
      const start = Math.max(address, run.address);
      const end = Math.min(addressEnd, run.addressEnd);
      refuseDifference(run, start, bytes.subarray(start - address, end - address));
      repeated += end - start;
    }
    return repeated === bytes.length;
  }

  /** Index of the first run that ends after the address, where runs stand in order. */
  #firstRunAfter(address: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.addressEnd <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The pieces sorted by address, adjacent ones merged; bytes that were given twice with the same value stand
   * there once. Throws `image-overlap` for two values, and `image-no-data` when there are no bytes.
   */
  finish(format: string): Segment[] {
    if (this.#runs.length === 0) throw new Fault('image-no-data', { format });
    const merged: Run[] = [];
    for (const run of this.#runs.toSorted((a, b) => a.address - b.address)) {
      const last = merged.at(-1);
      if (last === undefined || run.address > last.addressEnd) {
        merged.push(run);
        continue;
      }
      const shared = Math.min(last.addressEnd, run.addressEnd) - run.address;
      refuseDifference(last, run.address, run.bytes().subarray(0, shared));
      // The collector ends here, so its runs may be grown in place.
      last.append(run.bytes().subarray(shared));
    }
    return merged.map((run) => ({ address: run.address, bytes: run.bytes().slice() }));
  }
}
