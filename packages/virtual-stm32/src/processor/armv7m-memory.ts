// Loads and stores of ARMv7-M (DDI 0403, A3.2, A5.3.5 to A5.3.7): single ones may be unaligned, but not in
// device memory; those of several words and exclusive ones may not.

import { signExtend } from './armv7m-arithmetic.ts';
import { type ThumbBus, UndefinedInstruction } from './thumb-core.ts';

type Size = 1 | 2 | 4;

interface Many {
  readonly writeBack: boolean;
  /** DB instead of IA. */
  readonly descending?: boolean;
}

/** What a load or store of many words needs of the instruction. */
interface Registers {
  cycles: number;
  readonly registers: Int32Array;
  read(register: number): number;
  write(register: number, value: number): void;
  branchExchange(address: number): void;
}

/** Peripherals, external devices and the system space: device or strongly-ordered memory (DDI 0403, B3.1). */
const isDevice = (address: number): boolean => {
  const eighth = address >>> 29;
  return eighth === 2 || eighth > 4;
};

export class Armv7mMemory {
  readonly #bus: ThumbBus;
  readonly #loaded = new Int32Array(16);

  constructor(bus: ThumbBus) {
    this.#bus = bus;
  }

  /** LDM, STM, LDRD and STRD. */
  needAligned(address: number): void {
    if (address & 3) throw new UndefinedInstruction(`unaligned access to 0x${(address >>> 0).toString(16)}`);
  }

  #needMemory(address: number): void {
    if (isDevice(address)) throw new UndefinedInstruction(`unaligned access to 0x${address.toString(16)}`);
  }

  /** Unsigned. */
  load(from: number, size: Size): number {
    const address = from >>> 0;
    if ((address & (size - 1)) === 0) {
      if (size === 4) return this.#bus.readUint32(address);
      return size === 2 ? this.#bus.readUint16(address) : this.#bus.readUint8(address);
    }
    this.#needMemory(address);
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.#bus.readUint8(address + i) << (8 * i);
    return value >>> 0;
  }

  loadSigned(address: number, size: 1 | 2): number {
    return signExtend(this.load(address, size), 8 * size);
  }

  store(to: number, size: Size, value: number): void {
    const address = to >>> 0;
    if ((address & (size - 1)) !== 0) {
      this.#needMemory(address);
      for (let i = 0; i < size; i++) this.#bus.writeUint8(address + i, (value >>> (8 * i)) & 0xff);
    } else if (size === 4) this.#bus.writeUint32(address, value);
    else if (size === 2) this.#bus.writeUint16(address, value & 0xffff);
    else this.#bus.writeUint8(address, value & 0xff);
  }

  /** Registers that the list names, the lowest at the lowest address; the base is written last. */
  loadMany(on: Registers, base: number, list: number, { writeBack, descending }: Many): void {
    const count = bitCount(list);
    const loaded = this.#loaded;
    const bus = this.#bus;
    const start = on.read(base) - (descending ? 4 * count : 0);
    this.needAligned(start);
    for (let i = 0; i < count; i++) loaded[i] = bus.readUint32(start + 4 * i);
    on.cycles += count;
    if (writeBack) on.write(base, descending ? start : start + 4 * count);
    let at = 0;
    for (let register = 0; register < 15; register++)
      if ((list >>> register) & 1) on.write(register, loaded[at++]!);
    if (list & 0x8000) on.branchExchange(loaded[at]!);
  }

  storeMany(on: Registers, base: number, list: number, { writeBack, descending }: Many): void {
    const { registers } = on;
    const bus = this.#bus;
    const count = bitCount(list);
    const start = on.read(base) - (descending ? 4 * count : 0);
    this.needAligned(start);
    let address = start;
    for (let register = 0; register < 15; register++)
      if ((list >>> register) & 1) {
        bus.writeUint32(address, registers[register]!);
        address += 4;
      }
    on.cycles += count;
    if (writeBack) on.write(base, descending ? start : address);
  }

  /** For exclusive loads and stores. */
  aligned(address: number, size: Size): number {
    if (address & (size - 1)) throw new UndefinedInstruction(`unaligned access to 0x${address.toString(16)}`);
    return address >>> 0;
  }
}

function bitCount(list: number): number {
  let count = 0;
  for (let left = list & 0xffff; left !== 0; left &= left - 1) count++;
  return count;
}
