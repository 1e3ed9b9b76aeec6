// A chip of nothing but memories and registers that say "ready": enough to run the agent's machine code
// through startup, clock, link and hand-over, and to watch what it writes. Flash controllers, option bytes
// and protection are not here; the virtual STM32 has those.

import { readFileSync } from 'node:fs';
import { fieldMask, independentWatchdogField } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { Armv7mInstructions } from '@firmseal/virtual-stm32/testing';
import { CortexM0Core } from '../../../../node_modules/rp2040js/dist/esm/cortex-m0-core.js';
import { type AgentBuild, symbolsOf } from '../../toolchain/thumb.ts';

type Registers = Readonly<Record<number, (written: number) => number>>;

const bits = (...numbers: number[]) => numbers.reduce((all, bit) => (all | (1 << bit)) >>> 0, 0);
/** Bit `ready` follows bit `on`. */
const follows = (on: number, ready: number) => (value: number) =>
  ((value & ~bits(ready)) | (value & bits(on) ? bits(ready) : 0)) >>> 0;
/** The clock in use (from bit `at`) is the clock chosen (from bit 0). */
const switches = (mask: number, at: number) => (value: number) => (value | ((value & mask) << at)) >>> 0;

type BenchChip = { usart: number; isV1: boolean; special: Registers };

const f4: BenchChip = {
  usart: 0x40011000,
  isV1: true,
  special: { [0x40023800]: follows(24, 25), [0x40023808]: switches(3, 2) },
};

/** Registers that answer otherwise than with what was written to them. */
const registers: Readonly<Record<string, BenchChip>> = {
  stm32f427: f4,
  stm32f405: f4,
  stm32f427xg: f4,
  stm32f446: f4,
  stm32f411: f4,
  stm32h743: {
    usart: 0x40011000,
    isV1: false,
    special: {
      [0x58024400]: follows(24, 25),
      [0x58024410]: switches(7, 3),
      [0x58024804]: () => bits(13),
      [0x58024818]: (value) => value | bits(13),
    },
  },
  stm32g0b1: {
    usart: 0x40013800,
    isV1: false,
    special: { [0x40021000]: follows(24, 25), [0x40021008]: switches(7, 3) },
  },
  stm32l476: {
    usart: 0x40013800,
    isV1: false,
    special: {
      [0x40021000]: (value) => follows(24, 25)(follows(8, 10)(value)),
      [0x40021008]: switches(3, 2),
    },
  },
  stm32u575: {
    usart: 0x40013800,
    isV1: false,
    special: {
      [0x46020c00]: (value) => follows(24, 25)(follows(8, 10)(value)),
      [0x46020c1c]: switches(3, 2),
      [0x4602080c]: (value) => follows(18, 14)(value | bits(15)),
    },
  },
};

/** Of the banks, in their order; one for both on L4 and U5. */
const eccRegisters: Readonly<Record<string, readonly number[]>> = {
  stm32g0b1: [0x40022018, 0x4002201c],
  stm32l476: [0x40022018],
  stm32u575: [0x40022030],
};

/** DMA2 stream 2 of the F4 parts, which takes what USART1 receives: CR, NDTR, M0AR; DMAR of USART_CR3. */
const stream = { control: 0x40026440, count: 0x40026444, memory: 0x4002644c };
const usartControl3 = 0x40011014;

const statusFraming = bits(1);
const statusReceived = bits(5);
const statusSent = bits(6, 7);

export class ChipBench {
  readonly core: CortexM0Core;
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  /** What was written to a register last, by address. */
  readonly written = new Map<number, number>();
  /** Bytes the chip sent. */
  readonly sent: number[] = [];
  /** Called before each read of flash as data. */
  onFlashRead: (address: number) => void = () => {};
  /** Called at each write of a register. */
  onRegisterWrite: (address: number, value: number) => void = () => {};
  /** What a write to flash does; without a controller, it is a defect. */
  onFlashWrite: (address: number, value: number) => void = (address) => {
    throw new Error(`a write to flash at 0x${address.toString(16)}`);
  };
  readonly #incoming: { byte: number; isFramingError: boolean }[] = [];
  readonly #build: AgentBuild;
  readonly flashStart: number;
  readonly ramStart: number;
  readonly #symbols: ReturnType<typeof symbolsOf>;

  constructor(build: AgentBuild) {
    const { chip } = build.target;
    this.#build = build;
    this.#symbols = symbolsOf(build.elf);
    this.flashStart = chip.flash.addressStart;
    this.ramStart = chip.ram[0]!.addressStart;
    this.flash = new Uint8Array(chip.flash.sizeBytes).fill(0xff);
    this.ram = new Uint8Array(chip.ram[0]!.length).fill(0xa5); // garbage, as after power-on
    for (const { address, bytes } of readImage(readFileSync(build.elf)).segments) {
      this.flash.set(bytes, address - this.flashStart);
    }
    // As the factory leaves it: software starts the watchdog.
    const software = independentWatchdogField(chip)!;
    this.written.set(chip.options.registers[software.register]!.readAddress, fieldMask(software));
    const nothing = () => {};
    const bus = {
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      onBreak: (code: number) => {
        throw new Error(`breakpoint ${code}`);
      },
      readUint32: (a: number) => this.#read(a >>> 0, 4),
      readUint16: (a: number) => this.#read(a >>> 0, 2),
      readUint8: (a: number) => this.#read(a >>> 0, 1),
      writeUint32: (a: number, v: number) => this.#write(a >>> 0, v, 4),
      writeUint16: (a: number, v: number) => this.#write(a >>> 0, v, 2),
      writeUint8: (a: number, v: number) => this.#write(a >>> 0, v, 1),
    };
    this.core = new CortexM0Core(bus as unknown as ConstructorParameters<typeof CortexM0Core>[0]);
    if (build.target.cpu !== 'cortex-m0plus') {
      type Core = ConstructorParameters<typeof Armv7mInstructions>[0];
      new Armv7mInstructions(this.core as unknown as Core, bus);
    }
    this.core.VTOR = build.target.memory.code.addressStart;
    this.core.reset();
  }

  symbol(name: string): number {
    const found = this.#symbols.get(name);
    if (found === undefined) throw new Error(`the agent has no symbol ${name}`);
    return found.address;
  }

  #memory(address: number): [Uint8Array, number] | undefined {
    if (address - this.ramStart >= 0 && address - this.ramStart < this.ram.length)
      return [this.ram, address - this.ramStart];
    const offset = address - this.flashStart;
    return offset >= 0 && offset < this.flash.length ? [this.flash, offset] : undefined;
  }

  #read(address: number, size: number): number {
    const found = this.#memory(address);
    if (found === undefined) return this.#register(address);
    const [memory, offset] = found;
    if (memory === this.flash && size === 4) this.onFlashRead(address);
    let value = 0;
    for (let i = size; i-- > 0; ) value = (value * 256 + memory[offset + i]!) >>> 0;
    return value;
  }

  #register(address: number): number {
    const { usart, isV1, special } = registers[this.#build.target.chip.id]!;
    if (address === usart + (isV1 ? 0x00 : 0x1c)) {
      const next = this.#incoming[0];
      const waits = next !== undefined && !this.#byDma;
      return statusSent | (waits ? statusReceived : 0) | (next?.isFramingError ? statusFraming : 0);
    }
    if (address === usart + (isV1 ? 0x04 : 0x24)) return this.#incoming.shift()?.byte ?? 0;
    if (address === stream.count && this.#byDma) this.#transfer();
    const value = this.written.get(address) ?? 0;
    return special[address]?.(value) ?? value;
  }

  get #byDma(): boolean {
    const { isV1 } = registers[this.#build.target.chip.id]!;
    const asks = ((this.written.get(usartControl3) ?? 0) & bits(6)) !== 0;
    return isV1 && asks && ((this.written.get(stream.control) ?? 0) & 1) !== 0;
  }

  /** The next sound byte into the first half of the ring, which no test fills. */
  #transfer(): void {
    const next = this.#incoming[0];
    if (next === undefined || next.isFramingError) return;
    this.#incoming.shift();
    const left = this.written.get(stream.count)!;
    const at = this.written.get(stream.memory)! - this.ramStart + (0xc000 - left);
    this.ram[at] = next.byte;
    this.written.set(stream.count, left - 1);
  }

  #write(address: number, value: number, size: number): void {
    const found = this.#memory(address);
    if (found === undefined) {
      const { usart, isV1 } = registers[this.#build.target.chip.id]!;
      if (address === usart + (isV1 ? 0x04 : 0x28)) this.sent.push(value & 0xff);
      if (address === 0xe000ed08) this.core.VTOR = value;
      if (address === 0xe000ed0c) throw new Error('the agent reset the chip');
      this.#keep(address, value >>> 0);
      this.onRegisterWrite(address, value >>> 0);
      return;
    }
    const [memory, offset] = found;
    if (memory === this.flash) this.onFlashWrite(address, value >>> 0);
    else for (let i = 0; i < size; i++) memory[offset + i] = (value >>> (8 * i)) & 0xff;
  }

  /** Flags of ECC errors are cleared by writing 1, those of the H743 through a register beside them. */
  #keep(address: number, value: number): void {
    if (eccRegisters[this.#build.target.chip.id]?.includes(address)) this.written.set(address, 0);
    else this.written.set(address, value);
    const status = { [0x52002014]: 0x52002010, [0x52002114]: 0x52002110 }[address];
    if (this.#build.target.chip.id === 'stm32h743' && status !== undefined)
      this.written.set(status, (this.written.get(status) ?? 0) & ~value);
  }

  receive(bytes: Uint8Array, isFramingError = false): void {
    for (const byte of bytes) this.#incoming.push({ byte, isFramingError });
  }

  /** Where the catalogue lets applications live. */
  slots() {
    return this.#build.target.chip.layout.slots;
  }

  putWords(address: number, words: readonly number[]): void {
    const view = new DataView(this.flash.buffer);
    for (const [i, word] of words.entries()) view.setUint32(address - this.flashStart + 4 * i, word, true);
  }

  /** What the chip does when a word with a broken ECC is read; undefined where there is no ECC. */
  get breaks(): ((address: number) => void) | undefined {
    const { id } = this.#build.target.chip;
    // DBECCERR in the bank's FLASH_SR; a bus error besides, which this core cannot raise.
    if (id === 'stm32h743')
      return (address) => this.written.set(this.#isBank2(address) ? 0x52002110 : 0x52002010, bits(26));
    const registers = eccRegisters[id];
    // ECCD in the bank's FLASH_ECCR, and a non-maskable interrupt.
    return (
      registers && ((address) => this.#interrupt(registers[this.#isBank2(address) ? 1 : 0] ?? registers[0]!))
    );
  }

  #isBank2(address: number): boolean {
    return address - this.flashStart >= this.flash.length / 2;
  }

  #interrupt(eccRegister: number): void {
    this.written.set(eccRegister, bits(31));
    this.core.pendingNMI = true;
    this.core.interruptsUpdated = true;
  }

  /** Runs until the condition holds; throws after `limit` instructions. */
  runUntil(condition: () => boolean, limit = 40_000_000): void {
    for (let i = 0; i < limit; i++) {
      if (condition()) return;
      this.core.executeInstruction();
    }
    throw new Error(`still not so after ${limit} instructions, at 0x${this.core.PC.toString(16)}`);
  }

  /**
   * Calls a function of the agent from where the core stands; gives r0 when it returns. Up to four arguments.
   */
  call(name: string, ...args: number[]): number {
    const back = this.core.PC;
    this.core.registers.set(args, 0);
    this.core.LR = back | 1;
    this.core.PC = this.symbol(name) & ~1;
    this.core.executeInstruction();
    this.runUntil(() => this.core.PC === back);
    return this.core.registers[0]!;
  }
}
