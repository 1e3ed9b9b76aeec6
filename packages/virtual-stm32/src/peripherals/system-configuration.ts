// SYSCFG: on F42x, MEMRMP.FB_MODE exchanges the addresses of the banks (RM0090 9.2.1). Other bits, and other families,
// read as last written.

import { RegisterBlock } from '../bus/peripheral.ts';
import type { MemoryAccess } from '../memory-access.ts';

const remap = 0x00;
const bankMode = 1 << 8;

export interface BankSwitch {
  readonly swapped: () => boolean;
  readonly swap: (swapped: boolean) => void;
}

export class SystemConfiguration extends RegisterBlock {
  readonly #banks: BankSwitch | undefined;

  /** `banks` where the register exchanges them. */
  constructor(addressStart: number, banks: BankSwitch | undefined) {
    super({ name: 'SYSCFG', addressStart, sizeBytes: 0x400 });
    this.#banks = banks;
  }

  override readRegister(offset: number): number {
    const value = super.readRegister(offset);
    if (offset !== remap || this.#banks === undefined) return value;
    return (value & ~bankMode) | (this.#banks.swapped() ? bankMode : 0);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    super.writeRegister(offset, value, by);
    if (offset === remap) this.#banks?.swap((value & bankMode) !== 0);
  }
}
