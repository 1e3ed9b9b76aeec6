// The AHB-AP: a MEM-AP of ADIv5 (ARM IHI 0031, chapter C2) through which a debugger reaches the bus
// of the chip. What may be read or written there is the bus's business; a refused access sets the
// fault that the debug port keeps.

/**
 * The chip's bus as the debugger sees it; sizes are 1, 2 or 4 bytes, values unsigned,
 * addresses aligned to the size.
 */
export interface DebugBus {
  /** Undefined is a bus fault. */
  read(address: number, sizeBytes: 1 | 2 | 4): number | undefined;
  /** False is a bus fault. */
  write(address: number, sizeBytes: 1 | 2 | 4, value: number): boolean;
}

/** Registers of the AP by the byte offset in its bank (IHI 0031, C2.6). */
const registers = {
  csw: 0x00,
  tar: 0x04,
  drw: 0x0c,
  bd0: 0x10,
  bd3: 0x1c,
  base: 0xf8,
  idr: 0xfc,
} as const;

const cswReset = 0x2300_0040; // device enabled, privileged data access, 8-bit until set
const cswWritable = 0x7f00_0037; // prot, AddrInc, Size
const packedBit = 0x20; // AddrInc 0b10: as many transfers of Size as a word holds (IHI 0031, C2.2.7)
const sizesBytes = [1, 2, 4] as const;

export interface MemoryAccessPortOptions {
  /** 0x24770011 on Cortex-M4 parts, 0x84770001 on Cortex-M7, 0x04770031 on Cortex-M0+. */
  readonly idr: number;
  /** Reach of auto-increment: a power of two, 1024 or more (IHI 0031, C2.2.2). */
  readonly incrementBytes: number;
  /** Base of the ROM table with its two present bits: 0xE00FF003. */
  readonly base: number;
  /**
   * Whether AddrInc can ask for packed transfers; else that bit reads as 0, as on
   * Cortex-M0+ (DDI 0484, AHB-AP CSW).
   */
  readonly packs: boolean;
}

export class MemoryAccessPort {
  readonly #bus: DebugBus;
  readonly #options: MemoryAccessPortOptions;
  readonly #writable: number;
  #csw = cswReset;
  #tar = 0;

  constructor(bus: DebugBus, options: MemoryAccessPortOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#writable = options.packs ? cswWritable : cswWritable & ~packedBit;
  }

  reset(): void {
    this.#csw = cswReset;
    this.#tar = 0;
  }

  get #sizeBytes(): 1 | 2 | 4 {
    return sizesBytes[this.#csw & 7] ?? 4;
  }

  /** Transfers that one access of DRW makes. */
  get #transfers(): number {
    return this.#csw & packedBit ? 4 / this.#sizeBytes : 1;
  }

  /** Auto-increment wraps to the start of its reach. */
  #advance(): void {
    if (((this.#csw >>> 4) & 3) === 0) return;
    const step = this.#sizeBytes;
    const within = this.#options.incrementBytes - 1;
    this.#tar = ((this.#tar & ~within) | ((this.#tar + step) & within)) >>> 0;
  }

  /** Data sits in the byte lanes of its address (IHI 0031, C2.2.6). */
  #readLane(address: number, sizeBytes: 1 | 2 | 4): number | undefined {
    const aligned = (address & ~(sizeBytes - 1)) >>> 0;
    const value = this.#bus.read(aligned, sizeBytes);
    return value === undefined ? undefined : (value << (8 * (aligned & 3))) >>> 0;
  }

  #writeLane(address: number, sizeBytes: 1 | 2 | 4, word: number): boolean {
    const aligned = (address & ~(sizeBytes - 1)) >>> 0;
    const value =
      (word >>> (8 * (aligned & 3))) & (sizeBytes === 4 ? 0xffffffff : (1 << (8 * sizeBytes)) - 1);
    return this.#bus.write(aligned, sizeBytes, value >>> 0);
  }

  /** One word of lanes; a transfer that fails ends it, and TAR stays there. */
  #readData(): number | undefined {
    let word = 0;
    for (let i = this.#transfers; i > 0; i--) {
      const lane = this.#readLane(this.#tar, this.#sizeBytes);
      if (lane === undefined) return undefined;
      word |= lane;
      this.#advance();
    }
    return word >>> 0;
  }

  #writeData(word: number): boolean {
    for (let i = this.#transfers; i > 0; i--) {
      if (!this.#writeLane(this.#tar, this.#sizeBytes, word)) return false;
      this.#advance();
    }
    return true;
  }

  /** Undefined is a fault on the bus. */
  read(offset: number): number | undefined {
    if (offset === registers.csw) return this.#csw;
    if (offset === registers.tar) return this.#tar;
    if (offset === registers.drw) return this.#readData();
    if (offset >= registers.bd0 && offset <= registers.bd3) {
      return this.#readLane(((this.#tar & ~0xf) | (offset & 0xf)) >>> 0, 4);
    }
    if (offset === registers.base) return this.#options.base;
    if (offset === registers.idr) return this.#options.idr;
    return 0;
  }

  /** False is a fault on the bus. */
  write(offset: number, value: number): boolean {
    if (offset === registers.csw) this.#csw = ((cswReset & ~this.#writable) | (value & this.#writable)) >>> 0;
    else if (offset === registers.tar) this.#tar = value >>> 0;
    else if (offset === registers.drw) return this.#writeData(value);
    else if (offset >= registers.bd0 && offset <= registers.bd3) {
      return this.#writeLane(((this.#tar & ~0xf) | (offset & 0xf)) >>> 0, 4, value);
    }
    return true;
  }
}
