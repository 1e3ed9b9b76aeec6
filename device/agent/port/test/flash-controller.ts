// Just enough of each family's flash controller to judge a driver: keys and locks, the bits that must stand
// in the control register when flash is written, erase by sector number, error flags that stay until they are
// cleared, option bytes that are programmed by a start bit. Written from the reference manuals independently
// of the drivers: RM0090 3.9, RM0433 4.9, RM0351 3.7, RM0444 3.7, RM0456 7.9.

import type { ChipBench } from './chip-bench.ts';

type Bank = { keyr: number; cr: number; sr: number; clear: number };
type Family = {
  banks: readonly Bank[];
  lock: number;
  programming: number;
  /** Control register of an erase that starts, for a sector of the bank. */
  erase: (code: number, bank: number) => number;
  start: number;
  /** Bits of the status register that report an error. */
  errors: readonly number[];
  optKeyr: number;
  optcr: number;
  optLock: number;
  optStart: number;
};

const bit = (number: number): number => 2 ** number;
const keys = [0x45670123, 0xcdef89ab];
const optionKeys = [0x08192a3b, 0x4c5d6e7f];

const f4: Family = {
  banks: [{ keyr: 0x40023c04, cr: 0x40023c10, sr: 0x40023c0c, clear: 0x40023c0c }],
  lock: 31,
  programming: 0x201, // PSIZE x32, PG
  erase: (code) => 0x10202 + code * 8, // STRT, PSIZE x32, SER, SNB
  start: 16,
  errors: [1, 4, 5, 6, 7, 8],
  optKeyr: 0x40023c08,
  optcr: 0x40023c14,
  optLock: 0,
  optStart: 1,
};

export const families: Readonly<Record<string, Family>> = {
  stm32f427: f4,
  stm32f405: f4,
  stm32h743: {
    banks: [
      { keyr: 0x52002004, cr: 0x5200200c, sr: 0x52002010, clear: 0x52002014 },
      { keyr: 0x52002104, cr: 0x5200210c, sr: 0x52002110, clear: 0x52002114 },
    ],
    lock: 0,
    programming: 0x32, // PSIZE x64, PG
    erase: (code) => 0xb4 + code * 256, // START, PSIZE x64, SER, SNB
    start: 7,
    errors: [17, 18, 19, 21, 22],
    optKeyr: 0x52002008,
    optcr: 0x52002018,
    optLock: 0,
    optStart: 1,
  },
  stm32g0b1: {
    banks: [{ keyr: 0x40022008, cr: 0x40022014, sr: 0x40022010, clear: 0x40022010 }],
    lock: 31,
    programming: 0x40000001, // PG; OPTLOCK stays
    erase: (code, bank) => 0x40010002 + code * 8 + (bank === 2 ? bit(13) : 0), // STRT, PER, PNB, BKER
    start: 16,
    errors: [1, 3, 4, 5, 6, 7, 8, 9, 14, 15],
    optKeyr: 0x4002200c,
    optcr: 0x40022014,
    optLock: 30,
    optStart: 17,
  },
  stm32l476: {
    banks: [{ keyr: 0x40022008, cr: 0x40022014, sr: 0x40022010, clear: 0x40022010 }],
    lock: 31,
    programming: 0x40000001,
    erase: (code, bank) => 0x40010002 + code * 8 + (bank === 2 ? bit(11) : 0), // STRT, PER, PNB, BKER
    start: 16,
    errors: [1, 3, 4, 5, 6, 7, 8, 9, 14, 15],
    optKeyr: 0x4002200c,
    optcr: 0x40022014,
    optLock: 30,
    optStart: 17,
  },
  stm32u575: {
    banks: [{ keyr: 0x40022008, cr: 0x40022028, sr: 0x40022020, clear: 0x40022020 }],
    lock: 31,
    programming: 0x40000001,
    erase: (code, bank) => 0x40010002 + code * 8 + (bank === 2 ? bit(11) : 0),
    start: 16,
    errors: [1, 3, 4, 5, 6, 7, 13],
    optKeyr: 0x40022010,
    optcr: 0x40022028,
    optLock: 30,
    optStart: 17,
  },
};

export class FlashController {
  /** Erases that were started, as bank index and control register. */
  readonly erases: { bank: number; control: number }[] = [];
  optionStarts = 0;
  /** Error flag that the next operation raises. */
  nextError: number | undefined;
  raised = 0;
  readonly #bench: ChipBench;
  readonly #family: Family;
  readonly #control: number[];
  readonly #status: number[];
  readonly #keysSeen: number[];
  #optionKeysSeen = 0;
  #isOptionLocked = true;

  constructor(bench: ChipBench, id: string) {
    this.#bench = bench;
    this.#family = families[id]!;
    this.#control = this.#family.banks.map(() => bit(this.#family.lock));
    this.#status = this.#family.banks.map(() => 0);
    this.#keysSeen = this.#family.banks.map(() => 0);
    bench.onRegisterWrite = (address, value) => this.#written(address, value);
    bench.onFlashWrite = (address, value) => this.#program(address, value);
    this.#show();
  }

  isLocked(): boolean {
    return this.#isOptionLocked && this.#control.every((control) => this.#has(control, this.#family.lock));
  }

  #has(value: number, number: number): boolean {
    return Math.floor(value / bit(number)) % 2 === 1;
  }

  /** What reads of the registers give. Where OPTLOCK is a bit of the control register it shows there. */
  #show(): void {
    const { banks, optcr, optLock } = this.#family;
    const optionLock = this.#isOptionLocked ? bit(optLock) : 0;
    banks.forEach(({ cr, sr }, i) => {
      const own = this.#control[i]!;
      this.#bench.written.set(cr, cr === optcr && !this.#has(own, optLock) ? own + optionLock : own);
      this.#bench.written.set(sr, this.#status[i]!);
    });
    if (banks.every(({ cr }) => cr !== optcr)) {
      const value = this.#bench.written.get(optcr) ?? 0;
      this.#bench.written.set(optcr, value - (this.#has(value, optLock) ? bit(optLock) : 0) + optionLock);
    }
  }

  #written(address: number, value: number): void {
    const { banks, optKeyr, optcr, optLock, optStart } = this.#family;
    banks.forEach((bank, i) => {
      if (address === bank.keyr) this.#key(i, value);
      if (address === bank.clear) this.#status[i] = (this.#status[i]! & ~value) >>> 0;
      if (address === bank.cr) this.#controlWritten(i, value);
    });
    if (address === optKeyr) {
      this.#optionKeysSeen = value === optionKeys[this.#optionKeysSeen] ? this.#optionKeysSeen + 1 : 0;
      if (this.#optionKeysSeen === 2) this.#isOptionLocked = false;
    }
    if (address === optcr) {
      if (this.#has(value, optStart)) {
        if (this.#isOptionLocked) throw new Error('option bytes are started while they are locked');
        this.optionStarts++;
        this.#bench.written.set(optcr, value - bit(optStart)); // the hardware takes it back
        this.#raise(0);
      }
      if (this.#has(value, optLock) && !this.#isOptionLocked) {
        this.#isOptionLocked = true;
        this.#optionKeysSeen = 0;
      }
    }
    this.#show();
  }

  #key(bank: number, value: number): void {
    this.#keysSeen[bank] = value === keys[this.#keysSeen[bank]!] ? this.#keysSeen[bank]! + 1 : 0;
    if (this.#keysSeen[bank] === 2) this.#control[bank] = this.#control[bank]! - bit(this.#family.lock);
  }

  #controlWritten(bank: number, value: number): void {
    const { lock, start, optStart, optcr, banks } = this.#family;
    if (this.#has(this.#control[bank]!, lock)) return; // locked: writes are ignored
    if (this.#has(value, lock)) this.#keysSeen[bank] = 0;
    const starts = this.#has(value, start);
    if (starts) {
      this.erases.push({ bank, control: value });
      this.#raise(bank);
    }
    const ownOption = banks[bank]!.cr === optcr && this.#has(value, optStart) ? bit(optStart) : 0;
    this.#control[bank] = value - (starts ? bit(start) : 0) - ownOption; // the hardware takes them back
  }

  #raise(bank: number): void {
    if (this.nextError === undefined) return;
    this.#status[bank] = (this.#status[bank]! | bit(this.nextError)) >>> 0;
    this.nextError = undefined;
    this.raised++;
  }

  #program(address: number, value: number): void {
    const { banks, programming } = this.#family;
    const offset = address - this.#bench.flashStart;
    const bank = banks.length === 2 && offset >= this.#bench.flash.length / 2 ? 1 : 0;
    const control = this.#control[bank]!;
    const masked = (control | (programming & bit(30))) >>> 0; // whether OPTLOCK was written along is no matter
    if (masked !== programming)
      throw new Error(`flash is written with 0x${control.toString(16)} in the control register`);
    const view = new DataView(this.#bench.flash.buffer);
    view.setUint32(offset, (view.getUint32(offset, true) & value) >>> 0, true);
    this.#raise(bank);
    this.#show();
  }
}
