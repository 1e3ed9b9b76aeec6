// Flash controller of the H743 family (RM0433 4.9): a set of registers for each bank, a write buffer of
// one flash word of 32 bytes, option bytes with their copies "current" and "to be programmed". Both banks
// can work at once; BSY and QW read as 1 until the operation's time is over. The registers of a bank
// follow its addresses when banks are swapped. Option bytes last as well (OPT_BUSY). Offsets and bits:
// CMSIS header stm32h743xx.h, FLASH_TypeDef.

import type { FlashController } from '@firmseal/chips';
import type { FlashStores } from '../processor/system-bus.ts';
import type { FlashStatus } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { FlashKeys } from './flash-keys.ts';
import { arrayBank, type FlashControllerParts, OptionLatches, unitsOfBank } from './flash-parts.ts';

import { WriteBuffer } from './write-buffer.ts';

/** RM0433 4.9, offsets; those of a bank are repeated for bank 2. */
const common = {
  accessControl: 0x00,
  optionKey: 0x08,
  optionControl: 0x18,
  optionStatus: 0x1c,
  optionClear: 0x24,
};
const ofBank = { key: 0x04, control: 0x0c, status: 0x10, clear: 0x14, eccAddress: 0x60 };

/** FLASH_CR (4.9.4). */
const control = { lock: 1, pg: 2, ser: 4, ber: 8, forceWrite: 1 << 6, start: 1 << 7 };
/** FLASH_SR (4.9.5). */
const status = {
  ...{ busy: 1, queued: 4 },
  wbne: 2,
  eop: 1 << 16,
  wrperr: 1 << 17,
  pgserr: 1 << 18,
  strberr: 1 << 19,
  incerr: 1 << 21,
  operr: 1 << 22,
  rdperr: 1 << 23,
  dbeccerr: 1 << 26,
};
/** FLASH_OPTCR (4.9.7), FLASH_OPTSR_CUR (4.9.8). */
const optionControl = { lock: 1, start: 2, massErase: 1 << 4, swapBank: 0x8000_0000 };
const optionChangeError = 1 << 30;
const optionBusy = 1;

const flagsOf: Readonly<Record<FlashStatus, number>> = {
  ok: status.eop,
  'not-erased': status.eop, // silicon raises nothing; a later read finds the broken code
  'out-of-range': status.operr,
  misaligned: status.incerr,
  'wrong-size': status.incerr,
  'write-protected': status.wrperr,
  refused: status.rdperr,
};

interface Bank {
  readonly number: number;
  readonly keys: FlashKeys;
  readonly buffer: WriteBuffer;
  control: number;
  status: number;
  eccAddress: number;
}

export class FlashControllerH7 implements FlashStores {
  readonly name = 'FLASH';
  readonly addressStart: number;
  readonly sizeBytes: number;
  readonly #parts: FlashControllerParts;
  readonly #stride: number;
  readonly #latches: OptionLatches;
  readonly #optionKeys: FlashKeys;
  readonly #banks: readonly Bank[];
  #accessControl = 0;
  #optionError = 0;
  #optionsRun = false;

  constructor(parts: FlashControllerParts, facts: FlashController) {
    this.#parts = parts;
    this.addressStart = facts.registerBase;
    this.#stride = facts.bankStride;
    this.sizeBytes = 0x400;
    this.#latches = new OptionLatches(parts, this.addressStart, 'stored');
    this.#optionKeys = new FlashKeys(facts.optionKeys, { onceOnly: true });
    this.#banks = parts.chip.flash.banks.map(({ number }) => ({
      ...{ number, control: 0, status: 0, eccAddress: 0 },
      keys: new FlashKeys(facts.keys, { onceOnly: true }),
      buffer: new WriteBuffer(parts.chip.write.unitBytes),
    }));
  }

  reset(): void {
    this.#optionKeys.reset();
    this.#latches.clear();
    this.#accessControl = 0x37; // RM0433 4.9.1
    this.#optionError = 0;
    this.#optionsRun = false;
    for (const bank of this.#banks) {
      bank.keys.reset();
      bank.buffer.clear();
      bank.control = 0;
      bank.status = 0;
      bank.eccAddress = 0;
    }
  }

  keep(): () => void {
    const keeps = [
      this.#optionKeys,
      this.#latches,
      ...this.#banks.flatMap(({ keys, buffer }) => [keys, buffer]),
    ];
    const putParts = keeps.map((part) => part.keep());
    const kept = [this.#accessControl, this.#optionError, this.#optionsRun] as const;
    const banks = this.#banks.map(({ control, status, eccAddress }) => ({ control, status, eccAddress }));
    return () => {
      for (const putBack of putParts) putBack();
      [this.#accessControl, this.#optionError, this.#optionsRun] = kept;
      for (const [i, bank] of this.#banks.entries()) Object.assign(bank, banks[i]);
    };
  }

  #bankOfAddress(address: number): Bank {
    const { addressStart, sizeBytes } = this.#parts.chip.flash;
    return this.#banks[Math.floor((2 * (address - addressStart)) / sizeBytes)] ?? this.#banks[0]!;
  }

  noteBrokenRead(address: number): void {
    const bank = this.#bankOfAddress(address);
    if (bank.status & status.dbeccerr) return; // the first one stays until it is cleared
    bank.status |= status.dbeccerr;
    const { unitBytes } = this.#parts.chip.write;
    const start = this.#parts.chip.flash.banks[bank.number - 1]!.addressStart;
    bank.eccAddress = Math.floor((address - start) / unitBytes);
  }

  noteProtectedRead(address: number): void {
    this.#bankOfAddress(address).status |= status.rdperr;
  }

  readRegister(offset: number): number {
    if (offset === common.accessControl) return this.#accessControl;
    if (offset === common.optionControl) return this.#optionKeys.locked ? optionControl.lock : 0;
    const current = this.#latches.readAt(offset);
    if (current !== undefined) {
      const flags = offset === common.optionStatus ? this.#optionFlags() : 0;
      return (this.#latches.stored(current) | flags) >>> 0;
    }
    const programmed = this.#latches.programmedAt(offset);
    if (programmed !== undefined) return this.#latches.value(programmed);
    const bank = this.#banks[Math.floor(offset / this.#stride)];
    if (bank === undefined) return 0;
    const within = offset % this.#stride;
    if (within === ofBank.control) return (bank.control | (bank.keys.locked ? control.lock : 0)) >>> 0;
    if (within === ofBank.status) return this.#look(bank);
    return within === ofBank.eccAddress ? bank.eccAddress : 0;
  }

  /** OPT_BUSY and OPTCHANGEERR. */
  #optionFlags(): number {
    const busy = this.#optionsRun && this.#parts.flash.underWay.look() ? optionBusy : 0;
    return this.#optionError | busy;
  }

  /** The bank of the array behind these registers. */
  #arrayBank(bank: Bank): number {
    return arrayBank(bank.number, this.#parts.banksSwapped());
  }

  #look(bank: Bank): number {
    const running = this.#parts.flash.underWay.look(this.#arrayBank(bank));
    const busy = running ? status.busy | status.queued : 0;
    return (bank.status | busy | (bank.buffer.empty ? 0 : status.wbne)) >>> 0;
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === common.accessControl) this.#accessControl = value;
    // Option registers are reached through either bank's set (RM0433 4.9.3).
    else if (offset % this.#stride === common.optionKey) this.#optionKeys.writeKey(value);
    else if (offset % this.#stride === common.optionControl) this.#writeOptionControl(value, by);
    else if (offset === common.optionClear) this.#optionError &= ~(value & optionChangeError);
    else {
      const option = this.#latches.programmedAt(offset);
      if (option !== undefined) {
        if (!this.#optionKeys.locked) this.#latches.write(option, value);
        return;
      }
      const bank = this.#banks[Math.floor(offset / this.#stride)];
      if (bank !== undefined) this.#writeBank(bank, offset % this.#stride, { value, by });
    }
  }

  #writeBank(bank: Bank, offset: number, { value, by }: { value: number; by: MemoryAccess }): void {
    if (offset === ofBank.key) bank.keys.writeKey(value);
    else if (offset === ofBank.clear) bank.status &= ~value;
    else if (offset === ofBank.control && !bank.keys.locked) {
      this.#parts.flash.underWay.waitFor(this.#arrayBank(bank));
      bank.control = (value & ~(control.lock | control.start | control.forceWrite)) >>> 0;
      if (!(value & control.pg)) bank.buffer.clear();
      if (value & control.start) this.#erase(bank, by);
      if (value & control.forceWrite) this.#flush(bank, by);
      if (value & control.lock) bank.keys.lock();
    }
  }

  #setSize(bank: Bank): void {
    const size = (['x8', 'x16', 'x32', 'x64'] as const)[(bank.control >>> 4) & 3]!;
    this.#parts.flash.setParallelism(size);
  }

  #erase(bank: Bank, by: MemoryAccess): void {
    this.#setSize(bank);
    if (bank.control & control.ber) {
      this.#begun(bank, by.massErase(this.#arrayBank(bank), this.#finish(bank)));
      return;
    }
    if (!(bank.control & control.ser)) return;
    const unit = unitsOfBank(this.#parts.chip, bank.number)[(bank.control >>> 8) & 7];
    if (unit === undefined) bank.status |= status.operr;
    else this.#begun(bank, by.eraseUnit(unit.addressStart, this.#finish(bank)));
  }

  #finish(bank: Bank): (outcome: FlashStatus) => void {
    return (outcome) => {
      bank.status |= flagsOf[outcome];
    };
  }

  /** Errors show at once; what was begun tells when it is done. */
  #begun(bank: Bank, outcome: FlashStatus): void {
    if (outcome !== 'ok' && outcome !== 'not-erased') bank.status |= flagsOf[outcome];
  }

  store(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    const bank = this.#bankOfAddress(address);
    if (bank.keys.locked || !(bank.control & control.pg)) {
      bank.status |= status.pgserr;
      return;
    }
    const taken = bank.buffer.put(address, bytes);
    if (taken === 'elsewhere') bank.status |= status.incerr;
    if (taken === 'twice') bank.status |= status.strberr;
    if (taken === 'full') this.#flush(bank, by);
  }

  #flush(bank: Bank, by: MemoryAccess): void {
    const word = bank.buffer.take();
    if (word === undefined) return;
    this.#setSize(bank);
    this.#parts.flash.underWay.waitFor(this.#arrayBank(bank)); // the next word waits in the queue
    this.#begun(bank, by.programUnit(word.address, word.bytes, this.#finish(bank)));
  }

  #writeOptionControl(value: number, by: MemoryAccess): void {
    this.#parts.flash.underWay.waitFor();
    if (this.#optionKeys.locked) return;
    if (value & optionControl.massErase) {
      const outcome = by.massErase(undefined, (done) => {
        for (const bank of this.#banks) bank.status |= flagsOf[done];
      });
      for (const bank of this.#banks) this.#begun(bank, outcome);
    }
    if (value & optionControl.start) {
      this.#optionsRun = true;
      const begun = by.programOptions(this.#latches.values(), () => {
        this.#optionsRun = false;
        this.#latches.clear();
      });
      if (begun !== 'ok') {
        this.#optionsRun = false;
        this.#latches.clear();
        this.#optionError = optionChangeError;
      }
    }
    if (value & optionControl.lock) this.#optionKeys.lock();
  }
}
