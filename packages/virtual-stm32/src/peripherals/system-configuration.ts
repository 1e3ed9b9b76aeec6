// SYSCFG: MEM_MODE chooses what is seen at address 0 (SYSCFG_MEMRMP of F4 and L4, SYSCFG_CFGR1 of G0:
// RM0090 9.2.1); on F42x and L4 FB_MODE beside it exchanges the addresses of the banks. Other bits, and
// other families, read as last written.

import type { LowMemory } from '../silicon/low-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';

const remap = 0x00;
const bankMode = 1 << 8;
/** The two low bits of MEM_MODE; further values name external memory, which is not there. */
const memoryModes: readonly (LowMemory | undefined)[] = ['flash', 'rom', undefined, 'ram'];

export interface BankSwitch {
  readonly swapped: () => boolean;
  readonly swap: (swapped: boolean) => void;
}

export interface LowMemorySwitch {
  readonly chosen: () => LowMemory;
  readonly choose: (memory: LowMemory) => void;
}

export interface MemoryRemap {
  /** Where the register exchanges them. */
  readonly banks: BankSwitch | undefined;
  /** Where there is something to be seen at 0. */
  readonly lowMemory: LowMemorySwitch | undefined;
}

export class SystemConfiguration extends RegisterBlock {
  readonly #remap: MemoryRemap;

  constructor(addressStart: number, memory: MemoryRemap) {
    super({ name: 'SYSCFG', addressStart, sizeBytes: 0x400 });
    this.#remap = memory;
  }

  override readRegister(offset: number): number {
    const value = super.readRegister(offset);
    const { banks, lowMemory } = this.#remap;
    if (offset !== remap) return value;
    const swap = banks === undefined ? value & bankMode : banks.swapped() ? bankMode : 0;
    const mode = lowMemory === undefined ? value & 3 : memoryModes.indexOf(lowMemory.chosen());
    return (value & ~(bankMode | 3)) | swap | mode;
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    super.writeRegister(offset, value, by);
    if (offset !== remap) return;
    const { banks, lowMemory } = this.#remap;
    const mode = memoryModes[value & 3];
    if (lowMemory !== undefined && mode !== undefined && mode !== lowMemory.chosen()) lowMemory.choose(mode);
    const swapped = (value & bankMode) !== 0;
    if (banks !== undefined && swapped !== banks.swapped()) banks.swap(swapped);
  }
}
