// What nobody but the judge of a test can see: memory as it is, whatever protection says. Attackers, firmware and hosts
// are never given one.

import type { OptionValues, ReadoutLevel } from '@firmseal/chips';
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
