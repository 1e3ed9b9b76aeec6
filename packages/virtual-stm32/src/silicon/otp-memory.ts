// One-time programmable bytes: bits fall from 1 to 0 and never rise; no erase, no regression of
// protection brings them back. On F4 each block has a lock byte behind all of them, which ends
// programming once it is 0 (RM0090 3.8; addresses in CMSIS header stm32f427xx.h, FLASH_OTP_BASE to
// FLASH_OTP_END). On L4, G0 and U5 a word that has one bit at 0 takes no further program, not even zeros
// (RM0444 3.3.1). The lock register of H5 is not modelled.

import type { FlashStatus } from './flash-memory.ts';
import type { PowerSupply } from './power-supply.ts';
import type { SeededRandom } from './random.ts';
import { tearBytes } from './tearing.ts';

export interface OtpParts {
  readonly addressStart: number;
  /** Bytes, lock bytes included. */
  readonly length: number;
  /** Offset of the first lock byte, and the bytes that each locks. */
  readonly locks?: { readonly offset: number; readonly blockBytes: number };
  /** A word takes one program only. */
  readonly once: boolean;
  readonly power: PowerSupply;
  readonly random: SeededRandom;
  /** Time of one program operation passes. */
  readonly spendProgram: () => void;
}

export class OtpMemory {
  readonly addressStart: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #parts: OtpParts;

  constructor(parts: OtpParts) {
    this.addressStart = parts.addressStart;
    this.#bytes = new Uint8Array(parts.length).fill(0xff);
    this.#parts = parts;
  }

  holds(address: number, length: number): boolean {
    return address >= this.addressStart && address + length <= this.addressStart + this.#bytes.length;
  }

  /** A copy of all of it, for a snapshot. */
  save(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  restore(saved: Uint8Array): void {
    this.#bytes.set(saved);
  }

  /** A copy of all of it. */
  keep(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  take(bytes: Uint8Array): void {
    this.#bytes.set(bytes);
  }

  /** A copy. */
  read(address: number, length: number): Uint8Array<ArrayBuffer> {
    const offset = address - this.addressStart;
    return this.#bytes.slice(offset, offset + length);
  }

  #isLocked(offset: number): boolean {
    const { locks } = this.#parts;
    if (locks === undefined || offset >= locks.offset) return false;
    return this.#bytes[locks.offset + Math.floor(offset / locks.blockBytes)] === 0;
  }

  /** One program operation, within the call. */
  program(address: number, bytes: Uint8Array): FlashStatus {
    const offset = address - this.addressStart;
    if (this.#isLocked(offset)) return 'write-protected';
    const target = this.#bytes.subarray(offset, offset + bytes.length);
    if (this.#parts.once && target.some((byte) => byte !== 0xff)) return 'not-erased';
    const goal = target.map((byte, i) => byte & bytes[i]!);
    const { power, random, spendProgram } = this.#parts;
    power.run({
      kind: 'program',
      address,
      length: bytes.length,
      complete: () => {
        target.set(goal);
        spendProgram();
      },
      tear: () => tearBytes(target, goal, random),
    });
    return 'ok';
  }
}
