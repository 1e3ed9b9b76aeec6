// Flash controllers of the L4, G0 and U5 families (RM0351 3.7, RM0444 3.7, RM0456 7.9): one design with its registers at
// different places. Pages by number and bank, words of 8 or 16 bytes that are programmed once, option bytes loaded by
// OBL_LAUNCH or a reset. Operations end before the access that starts them does: BSY never reads as 1.
// Fast programming, bursts and the secure registers of U5 are not modelled.

import type { FlashController } from '@firmseal/chips';
import type { FlashStores } from '../bus/system-bus.ts';
import type { FlashStatus } from '../flash-memory.ts';
import type { MemoryAccess } from '../memory-access.ts';
import { ChipReset } from '../signals.ts';
import { FlashKeys } from './flash-keys.ts';
import { eraseBank, type FlashControllerParts, OptionLatches, unitsOfBank } from './flash-parts.ts';
import { WriteBuffer } from './write-buffer.ts';

interface Layout {
  readonly key: number;
  readonly optionKey: number;
  readonly status: number;
  readonly control: number;
  readonly ecc: number;
  readonly pageBits: number;
  readonly bankBit: number;
}

const layouts: Readonly<Record<string, Layout>> = {
  l4: { key: 0x08, optionKey: 0x0c, status: 0x10, control: 0x14, ecc: 0x18, pageBits: 8, bankBit: 11 },
  g0: { key: 0x08, optionKey: 0x0c, status: 0x10, control: 0x14, ecc: 0x18, pageBits: 10, bankBit: 13 },
  u5: { key: 0x08, optionKey: 0x10, status: 0x20, control: 0x28, ecc: 0x30, pageBits: 8, bankBit: 11 },
};

/** FLASH_CR, the same in the three (RM0351 3.7.6, RM0444 3.7.5, RM0456 7.9.9). */
const control = {
  pg: 1,
  per: 2,
  mer1: 4,
  mer2: 1 << 15,
  start: 1 << 16,
  optionStart: 1 << 17,
  eopie: 1 << 24,
  launch: 1 << 27,
  optionLock: 1 << 30,
  lock: 0x8000_0000,
};
/** FLASH_SR. */
const status = {
  eop: 1,
  operr: 2,
  progerr: 8,
  wrperr: 16,
  pgaerr: 32,
  sizerr: 64,
  pgserr: 128,
  rderr: 1 << 14,
};
/** FLASH_ECCR: ECCD. */
const eccDetected = 0x8000_0000;

const flagsOf: Readonly<Record<FlashStatus, number>> = {
  ok: 0,
  'not-erased': status.progerr,
  'out-of-range': status.operr,
  misaligned: status.pgaerr,
  'wrong-size': status.sizerr,
  'write-protected': status.wrperr,
  refused: status.wrperr,
};

export class FlashControllerL4 implements FlashStores {
  readonly name = 'FLASH';
  readonly addressStart: number;
  readonly sizeBytes = 0x400;
  readonly #parts: FlashControllerParts;
  readonly #layout: Layout;
  readonly #latches: OptionLatches;
  readonly #keys: FlashKeys;
  readonly #optionKeys: FlashKeys;
  readonly #buffer: WriteBuffer;
  #accessControl = 0;
  #status = 0;
  #control = 0;
  #ecc = 0;

  constructor(parts: FlashControllerParts, facts: FlashController) {
    this.#parts = parts;
    this.addressStart = facts.registerBase;
    this.#layout = layouts[facts.kind]!;
    this.#latches = new OptionLatches(parts, this.addressStart);
    this.#keys = new FlashKeys(facts.keys);
    this.#optionKeys = new FlashKeys(facts.optionKeys);
    this.#buffer = new WriteBuffer(parts.chip.write.unitBytes);
  }

  reset(): void {
    this.#keys.reset();
    this.#optionKeys.reset();
    this.#latches.clear();
    this.#buffer.clear();
    this.#accessControl = 0;
    this.#status = 0;
    this.#control = 0;
    this.#ecc = 0;
  }

  noteBrokenRead(address: number): void {
    const { addressStart } = this.#parts.chip.flash;
    this.#ecc = (eccDetected | (Math.floor((address - addressStart) / 8) & 0x7ffff)) >>> 0;
  }

  readRegister(offset: number): number {
    if (offset === 0) return this.#accessControl;
    if (offset === this.#layout.status) return this.#status;
    if (offset === this.#layout.control) {
      const locks =
        (this.#keys.locked ? control.lock : 0) | (this.#optionKeys.locked ? control.optionLock : 0);
      return (this.#control | locks) >>> 0;
    }
    if (offset === this.#layout.ecc) return this.#ecc;
    const option = this.#latches.readAt(offset);
    return option === undefined ? 0 : this.#latches.value(option);
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { key, optionKey, status: statusAt, control: controlAt, ecc } = this.#layout;
    if (offset === 0) this.#accessControl = value;
    else if (offset === key) this.#keys.writeKey(value);
    else if (offset === optionKey) {
      if (!this.#keys.locked) this.#optionKeys.writeKey(value);
    } else if (offset === statusAt) this.#status &= ~value;
    else if (offset === controlAt) this.#writeControl(value, by);
    else if (offset === ecc) this.#ecc &= ~(value & eccDetected);
    else {
      const option = this.#latches.programmedAt(offset);
      if (option !== undefined && !this.#optionKeys.locked) this.#latches.write(option, value);
    }
  }

  #writeControl(value: number, by: MemoryAccess): void {
    if (this.#keys.locked) return;
    const { start, optionStart, launch, lock, optionLock, pg } = control;
    this.#control = (value & ~(start | optionStart | launch | lock | optionLock)) >>> 0;
    if (!(value & pg)) this.#buffer.clear();
    if (value & start) this.#erase(by);
    if (!this.#optionKeys.locked) {
      if (value & optionStart) this.#programOptions(by);
      if (value & launch) throw new ChipReset('option-launch');
      if (value & optionLock) this.#optionKeys.lock();
    }
    if (value & lock) {
      this.#keys.lock();
      this.#optionKeys.lock();
    }
  }

  #finish(outcome: FlashStatus): void {
    const flags = flagsOf[outcome];
    this.#status |= flags;
    if (flags === 0 && this.#control & control.eopie) this.#status |= status.eop;
  }

  #erase(by: MemoryAccess): void {
    if (this.#control & control.pg) this.#status |= status.pgserr;
    else this.#finish(this.#eraseSelected(by));
  }

  #eraseSelected(by: MemoryAccess): FlashStatus {
    const { per, mer1, mer2 } = control;
    const banks = this.#control & (mer1 | mer2);
    if (banks === (mer1 | mer2)) return by.massErase();
    if (banks !== 0) return eraseBank(this.#parts, this.#bankAt(banks === mer1 ? 1 : 2), by);
    if (!(this.#control & per)) return 'ok';
    const { pageBits, bankBit } = this.#layout;
    const page = (this.#control >>> 3) & ((1 << pageBits) - 1);
    const bank = this.#bankAt(((this.#control >>> bankBit) & 1) + 1);
    const unit = unitsOfBank(this.#parts.chip, bank)[page];
    return unit === undefined ? 'out-of-range' : by.eraseUnit(unit.addressStart);
  }

  /** The bank as addresses have it: BKER names the one of the array (RM0351 3.3.5). */
  #bankAt(bank: number): number {
    return this.#parts.banksSwapped() ? 3 - bank : bank;
  }

  store(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    if (this.#keys.locked || !(this.#control & control.pg)) {
      this.#status |= status.pgserr;
      return;
    }
    if (bytes.length !== 4) {
      this.#status |= status.sizerr;
      return;
    }
    const taken = this.#buffer.put(address, bytes);
    if (taken === 'elsewhere') {
      this.#buffer.clear();
      this.#status |= status.pgaerr;
    }
    if (taken === 'full') {
      const word = this.#buffer.take()!;
      this.#finish(by.programUnit(word.address, word.bytes));
    }
  }

  #programOptions(by: MemoryAccess): void {
    const done = by.programOptions(this.#latches.values());
    if (done !== 'ok') this.#status |= done === 'unknown-register' ? status.operr : status.wrperr;
  }
}
