// What nobody but the judge of a test can see: memory as it is, whatever protection says. Attackers, firmware and hosts
// are never given one.

import type { EraseUnit, OptionValues, ReadoutLevel } from '@firmseal/chips';
import type { UnitContent } from './erase-unit-cells.ts';
import type { FlashMemory } from './flash-memory.ts';
import type { OptionBytes } from './option-bytes.ts';
import type { WorkingMemory } from './working-memory.ts';

export class Judge {
  readonly #flash: FlashMemory;
  readonly #ram: WorkingMemory;
  readonly #options: OptionBytes;

  constructor(flash: FlashMemory, ram: WorkingMemory, options: OptionBytes) {
    this.#flash = flash;
    this.#ram = ram;
    this.#options = options;
  }

  /** Physical addresses; bytes of a broken granule as the cells hold them. RangeError outside the flash. */
  flash(address: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#flash.peek(address, length);
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
