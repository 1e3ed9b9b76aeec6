// One-time programmable bytes (F427: RM0090 3.8): bits fall from 1 to 0 and never rise; no erase, no regression of
// protection brings them back. Lock bytes are not modelled.

import type { PowerSupply } from './power-supply.ts';
import type { SeededRandom } from './random.ts';
import { tearBytes } from './tearing.ts';

export class OtpMemory {
  readonly addressStart: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #power: PowerSupply;
  readonly #random: SeededRandom;

  constructor(parts: { addressStart: number; length: number; power: PowerSupply; random: SeededRandom }) {
    this.addressStart = parts.addressStart;
    this.#bytes = new Uint8Array(parts.length).fill(0xff);
    this.#power = parts.power;
    this.#random = parts.random;
  }

  holds(address: number, length: number): boolean {
    return address >= this.addressStart && address + length <= this.addressStart + this.#bytes.length;
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

  program(address: number, bytes: Uint8Array): void {
    const offset = address - this.addressStart;
    const target = this.#bytes.subarray(offset, offset + bytes.length);
    const goal = target.map((byte, i) => byte & bytes[i]!);
    this.#power.run({
      kind: 'program',
      address,
      length: bytes.length,
      complete: () => target.set(goal),
      tear: () => tearBytes(target, goal, this.#random),
    });
  }
}
