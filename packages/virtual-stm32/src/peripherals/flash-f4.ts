// Flash controller of the F4 family (RM0090 3.9): keys, control register with program size and sector number,
// error flags, option control registers. One operation at a time; BSY reads as 1 until its time is over, and
// accesses to the bank, to FLASH_CR and the next operation wait for it.

import type { FlashController, Parallelism } from '@firmseal/chips';
import type { FlashStores } from '../processor/system-bus.ts';
import type { FlashStatus } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { FlashKeys } from './flash-keys.ts';
import { type FlashControllerParts, OptionLatches } from './flash-parts.ts';

/** RM0090 3.9.12, register map. */
const offsets = {
  accessControl: 0x00,
  key: 0x04,
  optionKey: 0x08,
  status: 0x0c,
  control: 0x10,
  option: 0x14,
};

/** FLASH_SR (3.9.5). */
const status = {
  ...{ eop: 1, wrperr: 1 << 4, pgaerr: 1 << 5, pgperr: 1 << 6, pgserr: 1 << 7, rderr: 1 << 8 },
  busy: 1 << 16,
};
/** FLASH_CR (3.9.7). */
const control = { pg: 1, ser: 2, mer: 4, mer1: 1 << 15, start: 1 << 16, eopie: 1 << 24, lock: 0x8000_0000 };
const sizes: readonly Parallelism[] = ['x8', 'x16', 'x32', 'x64'];
/** FLASH_OPTCR (3.9.10). */
const optionControl = { lock: 1, start: 2 };

const flagsOf: Readonly<Record<FlashStatus, number>> = {
  ok: 0,
  'not-erased': 0,
  'out-of-range': status.pgserr,
  misaligned: status.pgaerr,
  'wrong-size': status.pgperr,
  'write-protected': status.wrperr,
  refused: status.wrperr, // the manual names no flag for readout protection; a read sets RDERR with PCROP only
};

export class FlashControllerF4 implements FlashStores {
  readonly name = 'FLASH';
  readonly addressStart: number;
  readonly sizeBytes = 0x400;
  readonly #parts: FlashControllerParts;
  readonly #latches: OptionLatches;
  readonly #keys: FlashKeys;
  readonly #optionKeys: FlashKeys;
  #accessControl = 0;
  #status = 0;
  #control = 0;

  constructor(parts: FlashControllerParts, facts: FlashController) {
    this.#parts = parts;
    this.addressStart = facts.registerBase;
    this.#latches = new OptionLatches(parts, this.addressStart);
    this.#keys = new FlashKeys(facts.keys);
    this.#optionKeys = new FlashKeys(facts.optionKeys);
  }

  reset(): void {
    this.#keys.reset();
    this.#optionKeys.reset();
    this.#latches.clear();
    this.#accessControl = 0;
    this.#status = 0;
    this.#control = 0;
  }

  keep(): () => void {
    const parts = [this.#keys, this.#optionKeys, this.#latches].map((part) => part.keep());
    const kept = [this.#accessControl, this.#status, this.#control] as const;
    return () => {
      for (const putBack of parts) putBack();
      [this.#accessControl, this.#status, this.#control] = kept;
    };
  }

  noteBrokenRead(): void {}

  noteProtectedRead(_address: number, by: 'pcrop' | 'readout'): void {
    if (by === 'pcrop') this.#status |= status.rderr;
  }

  readRegister(offset: number): number {
    if (offset === offsets.accessControl) return this.#accessControl;
    if (offset === offsets.status) {
      const busy = this.#parts.flash.underWay.look() ? status.busy : 0;
      return this.#status | busy;
    }
    if (offset === offsets.control) return (this.#control | (this.#keys.locked ? control.lock : 0)) >>> 0;
    const option = this.#latches.readAt(offset);
    if (option === undefined) return 0;
    const lock = offset === offsets.option && this.#optionKeys.locked ? optionControl.lock : 0;
    return (this.#latches.value(option) | lock) >>> 0;
  }

  writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === offsets.accessControl) this.#accessControl = value;
    else if (offset === offsets.key) this.#keys.writeKey(value);
    else if (offset === offsets.optionKey) this.#optionKeys.writeKey(value);
    else if (offset === offsets.status) this.#status &= ~value;
    else if (offset === offsets.control) this.#writeControl(value, by);
    else this.#writeOption(offset, value, by);
  }

  #writeControl(value: number, by: MemoryAccess): void {
    this.#parts.flash.underWay.waitFor(); // the bus stalls (RM0090 3.6.1)
    if (this.#keys.locked) return;
    this.#control = (value & ~(control.start | control.lock)) >>> 0;
    if (value & control.start) this.#erase(by);
    if (value & control.lock) this.#keys.lock();
  }

  #finish = (outcome: FlashStatus): void => {
    const flags = flagsOf[outcome];
    this.#status |= flags;
    if (flags === 0 && this.#control & control.eopie) this.#status |= status.eop;
  };

  /** Errors show at once; what was begun tells when it is done. */
  #begun(outcome: FlashStatus): void {
    if (outcome !== 'ok') this.#finish(outcome);
  }

  #setSize(): boolean {
    try {
      this.#parts.flash.setParallelism(sizes[(this.#control >>> 8) & 3]!);
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false; // 64 bits without the external voltage
    }
  }

  #erase(by: MemoryAccess): void {
    if (this.#control & control.pg) this.#status |= status.pgserr;
    else this.#begun(this.#setSize() ? this.#eraseSelected(by) : 'wrong-size');
  }

  #eraseSelected(by: MemoryAccess): FlashStatus {
    const { mer, mer1, ser } = control;
    const banks = this.#control & (mer | mer1);
    const swapped = this.#parts.banksSwapped();
    const bankBits = this.#parts.chip.flash.banks.length > 1 ? mer | mer1 : mer;
    if (banks === bankBits) return by.massErase(undefined, this.#finish);
    if (banks !== 0) return by.massErase(banks === mer ? 1 : 2, this.#finish);
    if (!(this.#control & ser)) return 'ok';
    const code = (this.#control >>> 3) & 0x1f;
    const physical = this.#parts.chip.flash.eraseUnits.find((unit) => unit.eraseCode === code);
    if (physical === undefined) return 'out-of-range';
    // Sector numbers are of the array; FB_MODE changes addresses only (RM0090 9.2.1).
    const { sizeBytes, addressStart } = this.#parts.chip.flash;
    const moved = swapped ? sizeBytes / 2 : 0;
    const address = addressStart + ((physical.addressStart - addressStart + moved) % sizeBytes);
    return by.eraseUnit(address, this.#finish);
  }

  store(by: MemoryAccess, address: number, bytes: Uint8Array): void {
    if (this.#keys.locked || !(this.#control & control.pg)) {
      this.#status |= status.pgserr;
      return;
    }
    this.#parts.flash.underWay.waitFor();
    this.#begun(this.#setSize() ? by.programUnit(address, bytes, this.#finish) : 'wrong-size');
  }

  #writeOption(offset: number, value: number, by: MemoryAccess): void {
    const option = this.#latches.programmedAt(offset);
    if (option === undefined || this.#optionKeys.locked) return;
    this.#parts.flash.underWay.waitFor();
    this.#latches.write(option, value);
    if (offset !== offsets.option) return;
    if (value & optionControl.start)
      if (by.programOptions(this.#latches.values(), () => {}) !== 'ok') this.#status |= status.wrperr;
    if (value & optionControl.lock) this.#optionKeys.lock();
  }
}
