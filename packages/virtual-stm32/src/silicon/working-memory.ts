// The chip's RAM. Each range of the catalogue is allocated when first touched; another store (an
// executor's own memory) can be mounted in its place, so that who reads the chip's RAM reads what the
// firmware really works with. Content survives every reset and is lost with power: it then holds a
// seeded pattern, as real cells do.

import type { Chip, RamRange } from '@firmseal/chips';
import type { MemoryWindow } from './flash-memory.ts';
import { SeededRandom } from './random.ts';

/** Asked for the bytes at each use: the memory of a WebAssembly instance moves when it grows. */
export type RamStore = () => Uint8Array;

/** Each is as large as the range or store that it fills. */
const patternsMost = 8;

interface Mount {
  readonly addressStart: number;
  readonly store: RamStore;
}

export interface SavedMemory {
  readonly powerCycles: number;
  readonly ranges: ReadonlyMap<RamRange, Uint8Array>;
  readonly mounts: readonly (Mount & { readonly content: Uint8Array })[];
}

export class WorkingMemory {
  readonly #chip: Chip;
  readonly #seed: string;
  readonly #ranges = new Map<RamRange, Uint8Array>();
  #mounts: Mount[] = [];
  #powerCycles = 0;
  /** Rises when memory moves: windows taken before are no longer valid. */
  readonly changes = { count: 0 };
  /**
   * Patterns by their seeds, from the first return to a snapshot on: who goes back once
   * does so thousands of times.
   */
  #patterns: Map<string, Uint8Array> | undefined;

  constructor(chip: Chip, seed: string) {
    this.#chip = chip;
    this.#seed = seed;
  }

  /**
   * The range that holds the address, to be read and written until `changes` rises;
   * none while a store is mounted.
   */
  window(address: number): MemoryWindow | undefined {
    const range = this.rangeAt(address);
    if (range === undefined || this.#mounts.some((one) => this.rangeAt(one.addressStart) === range))
      return undefined;
    return { addressStart: range.addressStart, bytes: this.#cells(range) };
  }

  #pattern(bytes: Uint8Array, name: string): void {
    const key = `${this.#seed}/ram/${name}/${this.#powerCycles}`;
    const known = this.#patterns?.get(key);
    if (known?.length === bytes.length) {
      bytes.set(known);
      return;
    }
    new SeededRandom(key).fill(bytes);
    if (this.#patterns === undefined) return;
    if (this.#patterns.size >= patternsMost) this.#patterns.clear();
    this.#patterns.set(key, bytes.slice());
  }

  /** Copies of all content, for a snapshot. */
  save(): SavedMemory {
    return {
      powerCycles: this.#powerCycles,
      ranges: new Map([...this.#ranges].map(([range, bytes]) => [range, bytes.slice()])),
      mounts: this.#mounts.map((mount) => ({ ...mount, content: mount.store().slice() })),
    };
  }

  /** Content and mounts as they were; a store that was mounted then gets its content back. */
  restore({ powerCycles, ranges, mounts }: SavedMemory): void {
    this.#powerCycles = powerCycles;
    this.#patterns ??= new Map();
    this.#ranges.clear();
    for (const [range, bytes] of ranges) this.#ranges.set(range, bytes.slice());
    this.#mounts = mounts.map(({ addressStart, store }) => ({ addressStart, store }));
    for (const { store, content } of mounts) store().set(content);
  }

  /** Fresh content everywhere; mounted stores are overwritten, then forgotten. */
  loseContent(): void {
    this.#powerCycles++;
    this.changes.count++;
    this.#ranges.clear();
    for (const { addressStart, store } of this.#mounts) this.#pattern(store(), `mount ${addressStart}`);
    this.#mounts = [];
  }

  /**
   * Puts a store in place of the RAM from that address on, for as long as it is; a mount at the
   * same address is replaced (what of it the new one does not cover goes to the range).
   * RangeError when it leaves the range.
   */
  mount(addressStart: number, store: RamStore): void {
    this.changes.count++;
    const range = this.rangeAt(addressStart);
    const end = addressStart + store().length;
    if (range === undefined || end > range.addressStart + range.length)
      throw new RangeError(`no RAM range holds ${store().length} bytes at ${addressStart}`);
    const overlapping = this.#mounts.filter(
      (one) => one.addressStart < end && addressStart < one.addressStart + one.store().length,
    );
    this.#mounts = this.#mounts.filter((one) => !overlapping.includes(one));
    for (const one of overlapping) {
      const hidden = one.addressStart >= addressStart && one.addressStart + one.store().length <= end;
      if (!hidden) this.write(one.addressStart, one.store().slice());
    }
    this.#mounts.push({ addressStart, store });
  }

  /** The RAM range that holds the address. */
  rangeAt(address: number): RamRange | undefined {
    return this.#chip.ram.find(
      ({ addressStart, length }) => address >= addressStart && address < addressStart + length,
    );
  }

  /**
   * Zeros where a regression of readout protection erases: backup RAM, SRAM2 of L4 and U5, all of it on H5.
   */
  eraseByRegression(): void {
    for (const range of this.#chip.ram) if (range.erasedByRegression) this.#erase(range);
  }

  /** Zeros where option bytes ask for it at every system reset (SRAM2_RST and its like, 0 = erase). */
  eraseAtReset(field: (name: string) => number): void {
    for (const range of this.#chip.ram) {
      const when = range.erasedAtResetWhile;
      if (when !== undefined && field(when.field) === when.value) this.#erase(range);
    }
  }

  /** Mounted stores too: what the firmware works with is the RAM. */
  #erase(range: RamRange): void {
    this.write(range.addressStart, new Uint8Array(range.length));
  }

  #cells(range: RamRange): Uint8Array {
    const known = this.#ranges.get(range);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(range.length);
    this.#pattern(bytes, range.name);
    this.#ranges.set(range, bytes);
    return bytes;
  }

  /** A copy; undefined unless one RAM range holds all of it. */
  read(address: number, length: number): Uint8Array<ArrayBuffer> | undefined {
    const result = new Uint8Array(length);
    return this.#access(address, length, (cells, at, offset, size) => {
      result.set(cells.subarray(at, at + size), offset);
    })
      ? result
      : undefined;
  }

  /** False unless one RAM range holds all of it. */
  write(address: number, bytes: Uint8Array): boolean {
    return this.#access(address, bytes.length, (cells, at, offset, size) => {
      cells.set(bytes.subarray(offset, offset + size), at);
    });
  }

  #access(
    address: number,
    length: number,
    visit: (cells: Uint8Array, at: number, offset: number, size: number) => void,
  ): boolean {
    const range = this.rangeAt(address);
    if (range === undefined || address + length > range.addressStart + range.length) return false;
    let offset = 0;
    while (offset < length) {
      const at = address + offset;
      const left = length - offset;
      const mount = this.#mounts.find(
        (one) => at >= one.addressStart && at < one.addressStart + one.store().length,
      );
      if (mount !== undefined) {
        const bytes = mount.store();
        const size = Math.min(left, mount.addressStart + bytes.length - at);
        visit(bytes, at - mount.addressStart, offset, size);
        offset += size;
        continue;
      }
      const next = Math.min(
        ...this.#mounts.filter((one) => one.addressStart > at).map((one) => one.addressStart),
      );
      const size = Math.min(left, next - at);
      visit(this.#cells(range), at - range.addressStart, offset, size);
      offset += size;
    }
    return true;
  }
}
