// DBGMCU: the identity of the chip (IDCODE +00; RM0090 38.6.1, RM0433 60.5.8) and freeze bits that read
// as last written and freeze nothing.

import { RegisterBlock } from './peripheral.ts';

export class DebugIdentityRegisters extends RegisterBlock {
  readonly #idCode: number;

  constructor(addressStart: number, idCode: number) {
    super({ name: 'DBGMCU', addressStart: addressStart - (addressStart % 0x400), sizeBytes: 0x400 });
    this.#idCode = idCode;
  }

  override readRegister(offset: number): number {
    return offset === 0 ? this.#idCode : super.readRegister(offset);
  }

  /** Set by the debugger, kept over a system reset (RM0090 38.16.1). */
  override reset(): void {}

  losePower(): void {
    super.reset();
  }
}
