// What the registers of the OTG core hold, by offset: usb-core-registers.ts names them.

import { usbRegisters as at, endpointBits } from './usb-core-registers.ts';

const resetValues: Readonly<Record<number, number>> = {
  [at.usbConfig]: 0x1440,
  [at.receiveSize]: 0x200,
  [at.sendPlace]: 0x0200_0200,
  [at.inControl]: endpointBits.active | endpointBits.nak,
  [at.outControl]: endpointBits.active | endpointBits.nak,
};

export class UsbValues {
  readonly #values = new Map<number, number>();

  reset(): void {
    this.#values.clear();
  }

  held(offset: number): number {
    return this.#values.get(offset) ?? resetValues[offset] ?? 0;
  }

  /** Whether all of the bits are set. */
  has(offset: number, bits: number): boolean {
    return (this.held(offset) & bits) >>> 0 === bits >>> 0;
  }

  hold(offset: number, value: number): void {
    this.#values.set(offset, value >>> 0);
  }

  raise(offset: number, bits: number): void {
    this.hold(offset, this.held(offset) | bits);
  }

  drop(offset: number, bits: number): void {
    this.hold(offset, this.held(offset) & ~bits);
  }
}
