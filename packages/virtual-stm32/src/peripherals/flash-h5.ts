// Flash controller of the H5 family without TrustZone: the non-secure registers. Offsets and bits are those
// of CMSIS header stm32h563xx.h (FLASH_TypeDef, FLASH_CR, FLASH_SR, FLASH_OPTCR), flags those of the texts in
// ST's SVD file of H563. One set of registers for both banks (BKSEL), a write buffer of one quad word, option
// bytes with their copies "current" and "to be programmed"; one operation at a time. What public sources do
// not settle is taken from the H7, whose design it continues: docs/virtual-stm32-rules.md.

import type { FlashController } from '@firmseal/chips';
import type { FlashStores } from '../processor/system-bus.ts';
import type { FlashStatus } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { FlashKeys } from './flash-keys.ts';
import { arrayBank, type FlashControllerParts, OptionLatches, unitsOfBank } from './flash-parts.ts';
import { WriteBuffer } from './write-buffer.ts';

const offsets = {
  ...{ accessControl: 0x00, key: 0x04, optionKey: 0x0c, optionControl: 0x1c },
  ...{ status: 0x20, control: 0x28, clear: 0x30, eccDetection: 0x104, eccData: 0x108 },
};
const control = {
  ...{ lock: 1, pg: 2, ser: 4, ber: 8, forceWrite: 1 << 4, start: 1 << 5 },
  ...{ mer: 1 << 15, bankSelect: 0x8000_0000 },
};
const status = {
  ...{ busy: 1, wbne: 2, eop: 1 << 16, wrperr: 1 << 17, pgserr: 1 << 18 },
  ...{ strberr: 1 << 19, incerr: 1 << 20, optchangeerr: 1 << 23 },
};
const optionControl = { lock: 1, start: 2, swapBank: 0x8000_0000 };
/** FLASH_ECCDETR: ECCD, BK_ECC. */
const ecc = { detected: 0x8000_0000, bank2: 1 << 22, addressBits: 0xffff };

const flagsOf: Readonly<Record<FlashStatus, number>> = {
  ok: status.eop,
  'not-erased': status.eop, // a later read finds the broken code
  'out-of-range': status.pgserr,
  misaligned: status.incerr,
  'wrong-size': status.incerr,
  'write-protected': status.wrperr,
  refused: status.wrperr,
};

export class FlashControllerH5 implements FlashStores {
  readonly name = 'FLASH';
  readonly addressStart: number;
  readonly sizeBytes = 0x400;
  readonly #parts: FlashControllerParts;
  readonly #latches: OptionLatches;
  readonly #keys: FlashKeys;
  readonly #optionKeys: FlashKeys;
  readonly #buffer: WriteBuffer;
  #accessControl = 0;
  #control = 0;
  #status = 0;
  #eccDetection = 0;
  #eccData = 0;

  constructor(parts: FlashControllerParts, facts: FlashController) {
    this.#parts = parts;
    this.addressStart = facts.registerBase;
    this.#latches = new OptionLatches(parts, this.addressStart, 'stored');
    this.#keys = new FlashKeys(facts.keys, { onceOnly: true });
    this.#optionKeys = new FlashKeys(facts.optionKeys, { onceOnly: true });
    this.#buffer = new WriteBuffer(parts.chip.write.unitBytes);
  }

  reset(): void {
    this.#keys.reset();
    this.#optionKeys.reset();
    this.#latches.clear();
    this.#buffer.clear();
    this.#accessControl = 0x13; // LATENCY 3, WRHIGHFREQ 1
    this.#control = 0;
    this.#status = 0;
    this.#eccDetection = 0;
    this.#eccData = 0;
  }

  keep(): () => void {
    const parts = [this.#keys, this.#optionKeys, this.#latches, this.#buffer].map((part) => part.keep());
    const registers = [this.#accessControl, this.#control, this.#status] as const;
    const ecc = [this.#eccDetection, this.#eccData] as const;
    return () => {
      for (const putBack of parts) putBack();
      [this.#accessControl, this.#control, this.#status] = registers;
      [this.#eccDetection, this.#eccData] = ecc;
    };
  }

  /** The address counts quad words within the bank (its 16 bits reach just that far). */
  noteBrokenRead(address: number): void {
    if (this.#eccDetection & ecc.detected) return; // the first one stays until it is cleared
    const { flash, write } = this.#parts.chip;
    const half = flash.sizeBytes / 2;
    const offset = (address - flash.addressStart) % flash.sizeBytes;
    const place = Math.floor((offset % half) / write.unitBytes) & ecc.addressBits;
    this.#eccDetection = (ecc.detected | place | (offset >= half ? ecc.bank2 : 0)) >>> 0;
    this.#eccData = 0;
  }

  noteProtectedRead(): void {}

  readRegister(offset: number): number {
    const { accessControl, optionControl: optionAt, status: statusAt, control: controlAt } = offsets;
    if (offset === accessControl) return this.#accessControl;
    if (offset === optionAt) return this.#optionKeys.locked ? optionControl.lock : 0;
    if (offset === statusAt) return this.#look();
    if (offset === controlAt) return (this.#control | (this.#keys.locked ? control.lock : 0)) >>> 0;
    if (offset === offsets.eccDetection) return this.#eccDetection;
    if (offset === offsets.eccData) return this.#eccData;
    const current = this.#latches.readAt(offset);
    if (current !== undefined) return this.#latches.loaded(current);
    const programmed = this.#latches.programmedAt(offset);
    return programmed === undefined ? 0 : this.#latches.value(programmed);
  }

  #look(): number {
    const busy = this.#parts.flash.underWay.look() ? status.busy : 0;
    return (this.#status | busy | (this.#buffer.empty ? 0 : status.wbne)) >>> 0;
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === offsets.accessControl) this.#accessControl = value;
    else if (offset === offsets.key) this.#keys.writeKey(value);
    else if (offset === offsets.optionKey) this.#optionKeys.writeKey(value);
    else if (offset === offsets.optionControl) this.#writeOptionControl(value, by);
    else if (offset === offsets.clear) this.#status &= ~value;
    else if (offset === offsets.control) this.#writeControl(value, by);
    else if (offset === offsets.eccDetection) this.#eccDetection &= ~(value & ecc.detected);
    else {
      const option = this.#latches.programmedAt(offset);
      if (option !== undefined && !this.#optionKeys.locked) this.#latches.write(option, value);
    }
  }

  #writeControl(value: number, by: MemoryAccess): void {
    this.#parts.flash.underWay.waitFor();
    if (this.#keys.locked) return;
    this.#control = (value & ~(control.lock | control.start | control.forceWrite)) >>> 0;
    if (value & control.start) this.#begun(this.#eraseSelected(by));
    if (value & control.forceWrite) this.#flush(by);
    if (value & control.lock) this.#keys.lock();
  }

  #finish = (outcome: FlashStatus): void => {
    this.#status |= flagsOf[outcome];
  };

  /** Errors show at once; what was begun tells when it is done. */
  #begun(outcome: FlashStatus): void {
    if (outcome !== 'ok' && outcome !== 'not-erased') this.#finish(outcome);
  }

  #eraseSelected(by: MemoryAccess): FlashStatus {
    const { chip, banksSwapped } = this.#parts;
    const bank = this.#control & control.bankSelect ? 2 : 1;
    if (this.#control & (control.mer | control.ber) && this.#control & control.ser) return 'out-of-range'; // PGSERR
    if (this.#control & control.mer) return by.massErase(undefined, this.#finish);
    if (this.#control & control.ber) return by.massErase(bank, this.#finish);
    if (!(this.#control & control.ser)) return 'out-of-range';
    const unit = unitsOfBank(chip, arrayBank(bank, banksSwapped()))[(this.#control >>> 6) & 0x7f];
    return unit === undefined ? 'out-of-range' : by.eraseUnit(unit.addressStart, this.#finish);
  }

  store(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    if (this.#keys.locked || !(this.#control & control.pg)) {
      this.#status |= status.pgserr;
      return;
    }
    const taken = this.#buffer.put(address, bytes);
    if (taken === 'elsewhere') this.#status |= status.incerr;
    if (taken === 'twice') this.#status |= status.strberr;
    if (taken === 'full') this.#flush(by);
  }

  #flush(by: MemoryAccess): void {
    const word = this.#buffer.take();
    if (word === undefined) return;
    this.#parts.flash.underWay.waitFor();
    this.#begun(by.programUnit(word.address, word.bytes, this.#finish));
  }

  #writeOptionControl(value: number, by: MemoryAccess): void {
    this.#parts.flash.underWay.waitFor();
    if (this.#optionKeys.locked) return;
    if (value & optionControl.start) {
      // A standing error holds the next change up (OPTCR.OPTSTRT).
      if (this.#status & status.optchangeerr) return;
      const begun = by.programOptions(this.#latches.values(), () => this.#latches.clear());
      if (begun !== 'ok') {
        this.#latches.clear();
        this.#status |= status.optchangeerr;
      }
    }
    if (value & optionControl.lock) this.#optionKeys.lock();
  }
}
