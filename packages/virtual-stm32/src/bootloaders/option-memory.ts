// Option bytes as the ROM bootloaders show them: bytes at addresses. Which register's bits stand where is
// rom-facts.ts; what programming them does is option-bytes.ts. RM0090 table 16, RM0433 4.9.

import type { Chip, OptionValues } from '@firmseal/chips';
import type { CpuPort } from '../firmware/executor.ts';
import type { OptionWindow } from './rom-facts.ts';

export class OptionMemory {
  readonly #cpu: CpuPort;
  readonly #chip: Chip;
  readonly #windows: readonly OptionWindow[];

  constructor(cpu: CpuPort, windows: readonly OptionWindow[]) {
    this.#cpu = cpu;
    this.#chip = cpu.chip;
    this.#windows = windows;
  }

  #window(address: number, lengthBytes: number): OptionWindow | undefined {
    return this.#windows.find(
      (one) => address >= one.addressStart && address + lengthBytes <= one.addressStart + one.length,
    );
  }

  holds(address: number, lengthBytes: number): boolean {
    return this.#window(address, lengthBytes) !== undefined;
  }

  /** Values in force. RangeError outside the windows; bits that are no option bits read as the filler. */
  read(address: number, lengthBytes: number): Uint8Array {
    const window = this.#window(address, lengthBytes);
    if (window === undefined) throw new RangeError(`no option bytes at ${address}`);
    const whole = new Uint8Array(window.length).fill(window.filler);
    const reserved = window.filler === 0 ? 0 : 0xffffffff;
    for (const view of window.views) {
      const { mask } = this.#chip.options.registers[view.register]!;
      const value = ((this.#cpu.readOption(view.register)! & mask) | (reserved & ~mask)) >>> view.shift;
      for (let i = 0; i < view.lengthBytes; i++) {
        const byte = (value >>> (8 * i)) & 0xff;
        whole[view.address - window.addressStart + i] = byte;
        if (window.complemented) whole[view.address - window.addressStart + view.lengthBytes + i] = ~byte;
      }
    }
    return whole.slice(address - window.addressStart, address - window.addressStart + lengthBytes);
  }

  /**
   * Programs the registers whose writable bytes the range touches; whether the chip
   * took them is not reported.
   */
  write(address: number, bytes: Uint8Array): void {
    const values = new Map<number, number>();
    for (const view of this.#window(address, bytes.length)?.views ?? []) {
      if (!view.writable) continue;
      for (let i = 0; i < view.lengthBytes; i++) {
        const byte = bytes[view.address + i - address];
        if (byte === undefined) continue;
        const old = values.get(view.register) ?? this.#cpu.readOption(view.register)!;
        const bit = view.shift + 8 * i;
        values.set(view.register, ((old & ~(0xff << bit)) | (byte << bit)) >>> 0);
      }
    }
    if (values.size > 0) this.program(values);
  }

  program(values: OptionValues): void {
    this.#cpu.programOptions(values);
  }

  /** Values in force of every register. */
  values(): Map<number, number> {
    return new Map(this.#chip.options.registers.map(({ id }) => [id, this.#cpu.readOption(id)!]));
  }
}
