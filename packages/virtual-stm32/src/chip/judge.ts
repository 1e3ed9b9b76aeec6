// What nobody but the judge of a test can see: memory as it is, whatever protection says. Attackers,
// firmware and hosts are never given one.

import type { EraseUnit, OptionValues, ReadoutLevel } from '@firmseal/chips';
import type { SavedCells, UnitContent } from '../silicon/erase-unit-cells.ts';
import type { FlashMemory } from '../silicon/flash-memory.ts';
import type { OptionBytes } from '../silicon/option-bytes.ts';
import type { WorkingMemory } from '../silicon/working-memory.ts';
import type { ChipSnapshot } from './snapshot.ts';

/** The chip's own: it knows who runs. */
export interface SnapshotHooks {
  readonly save: () => ChipSnapshot;
  readonly restore: (snapshot: ChipSnapshot, seed: string | undefined) => void;
}

export class Judge {
  readonly #flash: FlashMemory;
  readonly #ram: WorkingMemory;
  readonly #options: OptionBytes;
  readonly #hooks: SnapshotHooks;

  constructor(
    memory: { readonly flash: FlashMemory; readonly ram: WorkingMemory; readonly options: OptionBytes },
    hooks: SnapshotHooks,
  ) {
    this.#flash = memory.flash;
    this.#ram = memory.ram;
    this.#options = memory.options;
    this.#hooks = hooks;
  }

  /** The chip as it is, while no firmware runs (it may wait for the link). */
  snapshot(): ChipSnapshot {
    return this.#hooks.save();
  }

  /**
   * Back to a snapshot of this chip: content, option bytes, firmware where it waited, count of
   * operations; no plan of cuts. The clock goes on. With a seed, chance goes by it from here on.
   * RangeError for another chip's snapshot.
   */
  restore(snapshot: ChipSnapshot, { seed }: { readonly seed?: string } = {}): void {
    this.#hooks.restore(snapshot, seed);
  }

  /** Physical addresses; bytes of a broken granule as the cells hold them. RangeError outside the flash. */
  flash(address: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#flash.peek(address, length);
  }

  /** Whether no error correcting code on the way is broken: what a read would fault at, now or one day. */
  isReadable(address: number, length: number): boolean {
    return typeof this.#flash.read(address, length) !== 'string';
  }

  /** Changes whenever the flash may have. */
  get flashVersion(): number {
    return this.#flash.version;
  }

  /** An erase unit in words: what its cells hold, and whether option bytes in force write-protect it. */
  unit(unit: EraseUnit): { readonly content: UnitContent; readonly writeProtected: boolean } {
    return {
      content: this.#flash.contentOf(unit.index),
      writeProtected: this.#options.isWriteProtected(unit),
    };
  }

  /** RangeError outside one RAM range. */
  ram(address: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#ram.read(address, length);
    if (bytes === undefined) throw new RangeError(`${length} bytes at ${address} are not RAM`);
    return bytes;
  }

  /** Puts RAM content back that was taken before. RangeError outside one RAM range. */
  putRam(address: number, bytes: Uint8Array): void {
    if (!this.#ram.write(address, bytes))
      throw new RangeError(`${bytes.length} bytes at ${address} are not RAM`);
  }

  /**
   * Flash as it is, to put it back; shared with the chip until a unit changes. Firmware may run meanwhile.
   */
  takeFlash(): readonly SavedCells[] {
    return this.#flash.save();
  }

  putFlash(cells: readonly SavedCells[]): void {
    this.#flash.restore(cells);
  }

  get optionsStored(): OptionValues {
    return new Map(this.#options.stored);
  }

  get optionsLoaded(): OptionValues {
    return new Map(this.#options.loaded);
  }

  get readoutLevel(): ReadoutLevel {
    return this.#options.level;
  }

  /** Host memory that the flash's content takes, bytes. */
  get allocatedBytes(): number {
    return this.#flash.allocatedBytes;
  }
}
