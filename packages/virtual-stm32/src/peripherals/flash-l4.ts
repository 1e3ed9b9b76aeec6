// Flash controllers of the L4, G0 and U5 families (RM0351 3.7, RM0444 3.7, RM0456 7.9); their registers:
// flash-l4-registers.ts. Pages by number and bank, words of 8 or 16 bytes that are programmed once, rows and
// bursts, option bytes loaded by OBL_LAUNCH or a reset. One operation at a time: BSY reads as 1 until its
// time is over, and what is begun meanwhile waits. The secure registers of U5 are not modelled.

import type { FlashController } from '@firmseal/chips';
import { ChipReset } from '../chip/signals.ts';
import type { FlashStores } from '../processor/system-bus.ts';
import type { FlashStatus } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { FlashKeys } from './flash-keys.ts';
import {
  control,
  eccDetected,
  type FlashL4Layout,
  flashL4Layout,
  programErrors,
  status,
} from './flash-l4-registers.ts';
import { arrayBank, type FlashControllerParts, OptionLatches, unitsOfBank } from './flash-parts.ts';
import { WriteBuffer } from './write-buffer.ts';

const flagsOf: Readonly<Record<FlashStatus, number>> = {
  ok: 0,
  'not-erased': status.progerr,
  'out-of-range': status.operr,
  misaligned: status.pgaerr,
  'wrong-size': status.sizerr,
  'write-protected': status.wrperr,
  refused: status.wrperr, // the manuals name no flag for readout protection
};

/** What was erased last by this controller since the reset: rows may only be programmed there. */
type LastErased = { readonly bank: number; readonly page?: number } | 'all' | undefined;

export class FlashControllerL4 implements FlashStores {
  readonly name = 'FLASH';
  readonly addressStart: number;
  readonly sizeBytes = 0x400;
  readonly #parts: FlashControllerParts;
  readonly #layout: FlashL4Layout;
  readonly #latches: OptionLatches;
  readonly #keys: FlashKeys;
  readonly #optionKeys: FlashKeys;
  readonly #buffer: WriteBuffer;
  readonly #row: WriteBuffer;
  #accessControl = 0;
  #status = 0;
  #control = 0;
  #ecc = 0;
  #secondEcc = 0;
  #erased: LastErased;

  constructor(parts: FlashControllerParts, facts: FlashController) {
    this.#parts = parts;
    this.addressStart = facts.registerBase;
    this.#layout = flashL4Layout(facts.kind);
    this.#latches = new OptionLatches(parts, this.addressStart);
    this.#keys = new FlashKeys(facts.keys);
    this.#optionKeys = new FlashKeys(facts.optionKeys);
    const { write } = parts.chip;
    this.#buffer = new WriteBuffer(write.unitBytes);
    const fast = write.modes.find(({ parallelism }) => parallelism === this.#layout.fastMode);
    this.#row = new WriteBuffer(fast?.unitBytes ?? write.unitBytes);
  }

  reset(): void {
    this.#keys.reset();
    this.#optionKeys.reset();
    this.#latches.clear();
    this.#buffer.clear();
    this.#row.clear();
    this.#accessControl = this.#layout.accessControl;
    this.#status = 0;
    this.#control = 0;
    this.#ecc = 0;
    this.#secondEcc = 0;
    this.#erased = undefined;
  }

  keep(): () => void {
    const parts = [this.#keys, this.#optionKeys, this.#latches, this.#buffer, this.#row];
    const putParts = parts.map((part) => part.keep());
    const registers = [this.#accessControl, this.#status, this.#control] as const;
    const errors = [this.#ecc, this.#secondEcc] as const;
    const erased = this.#erased;
    return () => {
      for (const putBack of putParts) putBack();
      [this.#accessControl, this.#status, this.#control] = registers;
      [this.#ecc, this.#secondEcc] = errors;
      this.#erased = erased;
    };
  }

  noteBrokenRead(address: number): void {
    const { flash } = this.#parts.chip;
    const half = flash.sizeBytes / flash.banks.length;
    const offset = (address - flash.addressStart) % flash.sizeBytes;
    const second = offset >= half;
    const { width, stepBytes, bankBit } = this.#layout.eccAddress;
    const place = Math.floor((offset % half) / stepBytes) & (2 ** width - 1);
    const own = second && this.#layout.secondEcc !== undefined;
    // The first one stays until it is cleared.
    if ((own ? this.#secondEcc : this.#ecc) & eccDetected) return;
    if (own) this.#secondEcc = (eccDetected | place) >>> 0;
    else this.#ecc = (eccDetected | place | (second && bankBit !== undefined ? 1 << bankBit : 0)) >>> 0;
  }

  noteProtectedRead(_address: number, by: 'pcrop' | 'readout'): void {
    if (by === 'pcrop') this.#status |= status.rderr;
  }

  /** One look: EOP and errors of what ended by now are in, and time goes on while something runs. */
  #look(): number {
    const { underWay } = this.#parts.flash;
    const { busy, alsoBusy, waitsForData } = this.#layout;
    const running = [1, 2].map((bank) => underWay.look(bank));
    const bits = (running[0] ? busy[0] : 0) | (running[1] ? busy[1] : 0);
    const waiting = this.#buffer.empty && this.#row.empty ? 0 : waitsForData;
    const locks = this.#parts.options.levelKeys.lockBits(this.addressStart + this.#layout.status);
    return (this.#status | bits | (bits === 0 ? 0 : alsoBusy) | waiting | locks) >>> 0;
  }

  readRegister(offset: number): number {
    if (offset === 0) return this.#readAccessControl();
    if (offset === this.#layout.status) return this.#look();
    if (offset === this.#layout.control) {
      const locks =
        (this.#keys.locked ? control.lock : 0) | (this.#optionKeys.locked ? control.optionLock : 0);
      return (this.#control | locks) >>> 0;
    }
    if (offset === this.#layout.ecc) return this.#ecc;
    if (offset === this.#layout.secondEcc) return this.#secondEcc;
    const option = this.#latches.readAt(offset);
    return option === undefined ? 0 : this.#latches.value(option);
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { key, optionKey, status: statusAt, control: controlAt, ecc, secondEcc } = this.#layout;
    if (offset === 0) this.#writeAccessControl(value);
    else if (offset === key) this.#keys.writeKey(value);
    else if (offset === optionKey) {
      if (!this.#keys.locked) this.#optionKeys.writeKey(value);
    } else if (offset === statusAt) this.#status &= ~value;
    else if (offset === controlAt) this.#writeControl(value, by);
    else if (offset === ecc) this.#ecc &= ~(value & eccDetected);
    else if (offset === secondEcc) this.#secondEcc &= ~(value & eccDetected);
    else {
      const option = this.#latches.programmedAt(offset);
      if (this.#optionKeys.locked) return;
      if (option !== undefined) this.#latches.write(option, value);
      else this.#parts.options.levelKeys.stage(this.addressStart + offset, value);
    }
  }

  #readAccessControl(): number {
    const { empty = 0 } = this.#layout;
    return (this.#accessControl & ~empty) | (this.#parts.emptyCheck.found() ? empty : 0);
  }

  #writeAccessControl(value: number): void {
    const { empty = 0 } = this.#layout;
    this.#accessControl = value & ~empty;
    if (empty !== 0) this.#parts.emptyCheck.set((value & empty) !== 0);
  }

  #writeControl(value: number, by: MemoryAccess): void {
    this.#parts.flash.underWay.waitFor();
    if (this.#keys.locked) return;
    const { start, optionStart, launch, lock, optionLock, pg } = control;
    this.#control = (value & ~(start | optionStart | launch | lock | optionLock)) >>> 0;
    if (!(value & pg)) this.#buffer.clear();
    if (!(value & this.#layout.fast)) this.#leaveFast();
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

  /** A row that was begun and not completed is a data miss (MISERR); bursts have no such flag. */
  #leaveFast(): void {
    if (!this.#row.empty && this.#layout.fastMode === 'row') this.#status |= status.miserr | status.pgserr;
    this.#row.clear();
  }

  /** PGSERR comes with each error of programming (RM0351 3.7.5); EOP only with its interrupt on. */
  #finish = (outcome: FlashStatus): void => {
    const flags = flagsOf[outcome];
    this.#status |= flags & programErrors & ~status.wrperr ? flags | status.pgserr : flags;
    if (flags === 0 && this.#control & control.eopie) this.#status |= status.eop;
  };

  /** Errors show at once; what was begun tells when it is done. */
  #begun(outcome: FlashStatus): void {
    if (outcome !== 'ok') this.#finish(outcome);
  }

  #erase(by: MemoryAccess): void {
    if (this.#control & (control.pg | this.#layout.fast)) this.#status |= status.pgserr;
    else this.#begun(this.#eraseSelected(by));
  }

  #eraseSelected(by: MemoryAccess): FlashStatus {
    const { per, mer1, mer2 } = control;
    const banks = this.#control & (mer1 | mer2);
    if (banks === (mer1 | mer2)) {
      this.#erased = 'all';
      return by.massErase(undefined, this.#finish);
    }
    if (banks !== 0) {
      const bank = banks === mer1 ? 1 : 2;
      this.#erased = { bank };
      return by.massErase(bank, this.#finish);
    }
    if (!(this.#control & per)) return 'ok';
    const { pageBits, bankBit } = this.#layout;
    const page = (this.#control >>> 3) & ((1 << pageBits) - 1);
    const bank = ((this.#control >>> bankBit) & 1) + 1;
    // BKER names the bank of the array; the access takes addresses (RM0351 3.3.5).
    const unit = unitsOfBank(this.#parts.chip, this.#parts.banksSwapped() ? 3 - bank : bank)[page];
    this.#erased = { bank, page };
    return unit === undefined ? 'out-of-range' : by.eraseUnit(unit.addressStart, this.#finish);
  }

  store(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    const fast = (this.#control & this.#layout.fast) !== 0;
    if (this.#keys.locked || !(fast || this.#control & control.pg)) {
      this.#status |= status.pgserr;
      return;
    }
    if (bytes.length !== 4) {
      this.#status |= status.sizerr | status.pgserr;
      return;
    }
    if (fast) this.#storeFast(by, address, bytes);
    else this.#storeWord(by, address, bytes);
  }

  #storeWord(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    const { startsAligned } = this.#layout;
    const late = startsAligned && this.#buffer.empty && address % this.#buffer.sizeBytes !== 0;
    const taken = late ? 'elsewhere' : this.#buffer.put(address, bytes);
    if (taken === 'elsewhere' || taken === 'twice') {
      this.#buffer.clear();
      this.#status |= status.pgaerr | status.pgserr;
    }
    if (taken === 'full') {
      const word = this.#buffer.take()!;
      this.#parts.flash.underWay.waitFor();
      this.#begun(by.programUnit(word.address, word.bytes, this.#finish));
    }
  }

  /** Words of a row or burst in ascending order from its start. */
  #storeFast(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    const isRow = this.#layout.fastMode === 'row';
    if (this.#row.next !== undefined ? address !== this.#row.next : address % this.#row.sizeBytes !== 0) {
      this.#row.clear();
      this.#status |= status.pgaerr | status.pgserr | (isRow ? status.fasterr : 0);
      return;
    }
    if (isRow && this.#row.empty && !this.#mayFast(address)) {
      this.#status |= status.pgaerr | status.pgserr | status.fasterr;
      return;
    }
    if (this.#row.put(address, bytes) !== 'full') return;
    const row = this.#row.take()!;
    const { flash, chip } = this.#parts;
    flash.underWay.waitFor();
    flash.setParallelism(this.#layout.fastMode);
    this.#begun(by.programUnit(row.address, row.bytes, this.#finish));
    flash.setParallelism(chip.write.parallelism);
  }

  #mayFast(address: number): boolean {
    const { chip, banksSwapped } = this.#parts;
    const needs = this.#layout.fastNeeds;
    if (needs === 'nothing' || this.#erased === 'all') return true;
    const unit = chip.flash.eraseUnits.findLast(({ addressStart }) => addressStart <= address);
    if (this.#erased === undefined || unit === undefined) return false;
    if (this.#erased.bank !== arrayBank(unit.bank, banksSwapped())) return false;
    const position = unitsOfBank(chip, unit.bank).indexOf(unit);
    return this.#erased.page === undefined || (needs === 'erased-page' && this.#erased.page === position);
  }

  #programOptions(by: MemoryAccess): void {
    const done = by.programOptions(this.#latches.values(), () => {});
    if (done !== 'ok') this.#status |= done === 'unknown-register' ? status.operr : status.wrperr;
  }
}
