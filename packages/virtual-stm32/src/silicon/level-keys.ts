// Keys without which a readout level cannot be left downwards (U5: OEM1, OEM2; RM0456 7.6.2).
// Written as option bytes are, and locked from the next load on; all bits 1 is no key. Given through
// the debug port under reset: the right one opens the step until power goes, a wrong one closes it
// until then. A regression keeps them.
// The password of debug authentication (H5) is kept beside them: option-bytes.ts has its rules.

import type { Chip, ReadoutLevel, RegressionKey } from '@firmseal/chips';

export type SavedLevelKeys = ReadonlyMap<string, Uint8Array>;

const passwordName = 'debug-authentication';

export class LevelKeys {
  readonly #known: readonly RegressionKey[];
  readonly #stored = new Map<string, Uint8Array>();
  readonly #staged = new Map<number, number>();
  #locked: ReadonlySet<string> = new Set();
  #opened = new Set<string>();
  #closed = false;

  constructor({ readoutProtection }: Chip) {
    this.#known = readoutProtection.regressionKeys ?? [];
  }

  /** Whether any key is in force. */
  get isAnyLocked(): boolean {
    return this.#locked.size > 0;
  }

  /** Whether the step down from that level waits for a key. */
  guards(level: ReadoutLevel): boolean {
    const key = this.#guardOf(level);
    return key !== undefined && this.#locked.has(key.name) && !this.#opened.has(key.name);
  }

  #guardOf(level: ReadoutLevel): RegressionKey | undefined {
    return this.#known.find(({ leavesLevel }) => leavesLevel === level);
  }

  /** Lock bits of the keys in force, of the register at that address. */
  lockBits(address: number): number {
    return this.#known
      .filter(({ name, lockRegister }) => lockRegister === address && this.#locked.has(name))
      .reduce((bits, { lockBit }) => bits | (1 << lockBit), 0);
  }

  /**
   * A word into a key register; false when no key register has the address. It counts
   * from the next programming on.
   */
  stage(address: number, value: number): boolean {
    if (!this.#known.some(({ keyRegisters }) => keyRegisters.includes(address))) return false;
    this.#staged.set(address, value >>> 0);
    return true;
  }

  /** Stores what was staged, as far as the level lets it: any key at 0, at 1 those that are not locked. */
  program(level: ReadoutLevel): void {
    for (const { name, keyRegisters } of this.#known) {
      const words = keyRegisters.map((address) => this.#staged.get(address));
      if (words.every((word) => word === undefined)) continue;
      if (level === 2 || (level === 1 && this.#locked.has(name))) continue;
      const bytes = new Uint8Array(4 * words.length);
      const view = new DataView(bytes.buffer);
      for (const [i, word] of words.entries()) view.setUint32(4 * i, word ?? 0, true);
      this.#stored.set(name, bytes);
    }
    this.#staged.clear();
  }

  /** Option bytes are loaded: a key that is stored is in force. */
  load(): void {
    const isKey = (bytes: Uint8Array) => bytes.some((byte) => byte !== 0xff);
    this.#locked = new Set([...this.#stored].filter(([, bytes]) => isKey(bytes)).map(([name]) => name));
    this.#staged.clear();
  }

  /** Somebody gives a key at that level. A shorter one is another one: the rest of the register reads 0. */
  give(level: ReadoutLevel, given: Uint8Array): 'opened' | 'wrong' | 'no-key' {
    const key = this.#guardOf(level);
    const stored = key && this.#stored.get(key.name);
    if (key === undefined || stored === undefined || !this.#locked.has(key.name)) return 'no-key';
    if (this.#closed) return 'wrong';
    const whole = new Uint8Array(stored.length);
    whole.set(given.subarray(0, whole.length));
    if (given.length > whole.length || stored.some((byte, i) => byte !== whole[i])) {
      this.#closed = true;
      return 'wrong';
    }
    this.#opened.add(key.name);
    return 'opened';
  }

  /** Of debug authentication: undefined where nobody stored one. Silicon keeps its SHA-256 hash. */
  get password(): Uint8Array | undefined {
    return this.#stored.get(passwordName);
  }

  /** In force at once; undefined takes it away, as a regression does. */
  setPassword(password: Uint8Array | undefined): void {
    if (password === undefined) this.#stored.delete(passwordName);
    else this.#stored.set(passwordName, password.slice());
    this.load();
  }

  losePower(): void {
    this.#opened = new Set();
    this.#closed = false;
  }

  save(): SavedLevelKeys {
    return new Map([...this.#stored].map(([name, bytes]) => [name, bytes.slice()]));
  }

  /** In force at once. */
  restore(saved: SavedLevelKeys): void {
    this.#stored.clear();
    for (const [name, bytes] of saved) this.#stored.set(name, bytes.slice());
    this.losePower();
    this.load();
  }
}
