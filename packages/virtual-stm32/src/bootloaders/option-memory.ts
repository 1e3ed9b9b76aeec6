// Option bytes as the ROM bootloaders show them: bytes at addresses. Which register's bits stand where is
// the catalogue's; what programming them does is option-bytes.ts. RM0090 table 16, RM0433 4.9.

import type { Chip, OptionMemoryWindow, OptionValues } from '@firmseal/chips';
import type { CpuPort } from '../firmware/executor.ts';

export class OptionMemory {
  readonly #cpu: CpuPort;
  readonly #chip: Chip;
  readonly #windows: readonly OptionMemoryWindow[];

  constructor(cpu: CpuPort, windows: readonly OptionMemoryWindow[]) {
    this.#cpu = cpu;
    this.#chip = cpu.chip;
    this.#windows = windows;
  }

  #window(address: number, lengthBytes: number): OptionMemoryWindow | undefined {
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
    for (const part of window.parts) {
      const { mask } = this.#chip.options.registers[part.register]!;
      const value = ((this.#cpu.readOption(part.register)! & mask) | (reserved & ~mask)) >>> part.shift;
      for (let i = 0; i < part.lengthBytes; i++) {
        const byte = (value >>> (8 * i)) & 0xff;
        whole[part.offset + i] = byte;
        if (window.complemented) whole[part.offset + part.lengthBytes + i] = ~byte;
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
    const window = this.#window(address, bytes.length);
    for (const part of window?.parts ?? []) {
      if (!part.writable) continue;
      for (let i = 0; i < part.lengthBytes; i++) {
        const byte = bytes[window!.addressStart + part.offset + i - address];
        if (byte === undefined) continue;
        const old = values.get(part.register) ?? this.#cpu.readOption(part.register)!;
        const bit = part.shift + 8 * i;
        values.set(part.register, ((old & ~(0xff << bit)) | (byte << bit)) >>> 0);
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
