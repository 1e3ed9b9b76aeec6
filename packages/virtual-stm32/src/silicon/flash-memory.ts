// The flash array of a chip and the rules of its controller: write unit and alignment by parallelism, what a
// second program of a unit does, write protection, error correcting code. Every change passes the power
// supply, which counts and may cut it, and costs time. Who may come this far is protection.ts; addresses here
// are physical. RM0090 3.6 (PGAERR, PGPERR, WRPERR), RM0433 4.3.9, 4.7.

import { type Chip, type EraseUnit, eraseUnitAt, type Parallelism, writeUnitBytes } from '@firmseal/chips';
import { EraseUnitCells, type KeptCells, type SavedCells, type UnitContent } from './erase-unit-cells.ts';
import type { FlashTiming } from './flash-timing.ts';
import { OperationsUnderWay, type OperationTime } from './operations-under-way.ts';
import type { OperationKind, PowerSupply } from './power-supply.ts';
import type { SeededRandom } from './random.ts';
import type { SupplyRail } from './supply-rail.ts';

/**
 * How an operation ended, as the controller's error flags say. `not-erased`: the unit had been programmed
 * before; either the controller refused (PROGERR: L4, G0, U5) or its error correcting code is broken now (H7,
 * H5: no flag at that moment, only the later read faults). `refused`: readout protection.
 */
export type FlashStatus =
  | 'ok'
  | 'out-of-range'
  | 'misaligned'
  | 'wrong-size'
  | 'write-protected'
  | 'not-erased'
  | 'refused';

/**
 * Given to an operation, it lasts: the call returns when it has begun, and this is told how it ended, later.
 * Without one the call takes the operation's time.
 */
export type WhenDone = (status: FlashStatus) => void;

export type ReadFault = 'ecc-fault' | 'bus-fault';

/** A stretch of memory as the bytes that hold it. */
export interface MemoryWindow {
  readonly addressStart: number;
  readonly bytes: Uint8Array;
}

export interface FlashParts {
  readonly chip: Chip;
  readonly power: PowerSupply;
  readonly timing: FlashTiming;
  readonly random: SeededRandom;
  /** Whether option bytes in force write-protect the unit. */
  readonly isWriteProtected: (unit: EraseUnit) => boolean;
  readonly time: OperationTime;
  readonly rail: SupplyRail;
}

interface FlashOperation {
  readonly kind: OperationKind;
  readonly address: number;
  readonly length: number;
  /** Of all banks when undefined. */
  readonly bank: number | undefined;
  readonly durationUs: () => number;
  readonly complete: () => void;
  readonly tear: () => void;
}

export class FlashMemory {
  readonly #parts: FlashParts;
  readonly #cells: readonly EraseUnitCells[];
  #parallelism: Parallelism;
  #unitBytes: number;
  /** Rises with every operation: windows taken before are no longer valid. */
  readonly changes = { count: 0 };
  #lastUnit: EraseUnit | undefined;
  readonly #banks: readonly number[];
  /** Operations that registers began. */
  readonly underWay: OperationsUnderWay;

  constructor(parts: FlashParts) {
    const { flash, write } = parts.chip;
    this.#parts = parts;
    this.underWay = new OperationsUnderWay(parts.time);
    this.#banks = flash.banks.map(({ number }) => number);
    this.#cells = flash.eraseUnits.map((unit) => new EraseUnitCells(unit.sizeBytes, write.eccGranuleBytes));
    this.#parallelism = write.parallelism;
    this.#unitBytes = write.unitBytes;
  }

  get parallelism(): Parallelism {
    return this.#parallelism;
  }

  /** Bytes of one program operation at the present parallelism. */
  get unitBytes(): number {
    return this.#unitBytes;
  }

  get version(): number {
    return this.changes.count;
  }

  /** The bytes of the erase unit that holds the address, to be looked at until `version` changes. */
  window(address: number): MemoryWindow | undefined {
    const unit = eraseUnitAt(this.#parts.chip, address);
    if (unit !== undefined) this.underWay.waitFor(unit.bank);
    const bytes = unit === undefined ? undefined : this.#cells[unit.index]!.window();
    return bytes === undefined ? undefined : { addressStart: unit!.addressStart, bytes };
  }

  /** Content of an erase unit in one word. RangeError for one that the chip does not have. */
  contentOf(index: number): UnitContent {
    const cells = this.#cells[index];
    if (cells === undefined) throw new RangeError(`there is no erase unit ${index}`);
    return cells.content;
  }

  /** Copies of the units that are not blank. */
  keep(): (KeptCells & { readonly index: number })[] {
    this.underWay.finish();
    return this.#cells.flatMap((cells, index) => {
      const kept = cells.keep();
      return kept === undefined ? [] : [{ index, ...kept }];
    });
  }

  /** Into a blank flash. RangeError when a unit is not one of this flash. */
  take(units: readonly (KeptCells & { readonly index: number })[]): void {
    this.changes.count++;
    for (const unit of units) {
      const cells = this.#cells[unit.index];
      if (cells === undefined) throw new RangeError(`there is no erase unit ${unit.index}`);
      cells.take(unit);
    }
  }

  /** Host memory held for cells, bytes. */
  get allocatedBytes(): number {
    return this.#cells.reduce((sum, cells) => sum + cells.allocatedBytes, 0);
  }

  /** Content and state of every cell, for a snapshot. */
  save(): readonly SavedCells[] {
    this.underWay.finish();
    return this.#cells.map((cells) => cells.save());
  }

  restore(saved: readonly SavedCells[]): void {
    this.changes.count++;
    this.underWay.forget();
    for (const [i, cells] of this.#cells.entries()) cells.restore(saved[i]!);
  }

  /** PSIZE. RangeError when the chip has no such mode or needs VPP for it, which no socket here supplies. */
  setParallelism(parallelism: Parallelism): void {
    const mode = this.#parts.chip.write.modes.find((one) => one.parallelism === parallelism);
    if (mode?.externalVpp) throw new RangeError(`${parallelism} needs an external VPP`);
    this.#unitBytes = writeUnitBytes(this.#parts.chip, parallelism);
    this.#parallelism = parallelism;
  }

  /** A copy of the bytes, which may span units; `bus-fault` outside the flash. */
  read(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault {
    const bytes = new Uint8Array(length);
    const fault = this.#walk(address, bytes, (cells, offset, part, bank) => {
      this.underWay.waitFor(bank);
      return cells.read(offset, part);
    });
    return fault ?? bytes;
  }

  /** The bytes whatever their state, for the judge of a test. RangeError outside the flash. */
  peek(address: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const fault = this.#walk(address, bytes, (cells, offset, part) => {
      cells.peek(offset, part);
      return true;
    });
    if (fault !== undefined) throw new RangeError(`${length} bytes at ${address} are not flash`);
    return bytes;
  }

  /**
   * Most reads are of the unit that was read last: a search through all of them would be most of their cost.
   */
  #unitAt(address: number): EraseUnit | undefined {
    const last = this.#lastUnit;
    if (last !== undefined && address >= last.addressStart && address < last.addressStart + last.sizeBytes)
      return last;
    const unit = eraseUnitAt(this.#parts.chip, address);
    if (unit !== undefined) this.#lastUnit = unit;
    return unit;
  }

  #walk(
    address: number,
    bytes: Uint8Array,
    visit: (cells: EraseUnitCells, offset: number, part: Uint8Array, bank: number) => boolean,
  ): ReadFault | undefined {
    let done = 0;
    while (done < bytes.length) {
      const unit = this.#unitAt(address + done);
      if (unit === undefined) return 'bus-fault';
      const offset = address + done - unit.addressStart;
      const part = bytes.subarray(done, done + unit.sizeBytes - offset);
      if (!visit(this.#cells[unit.index]!, offset, part, unit.bank)) return 'ecc-fault';
      done += part.length;
    }
    return undefined;
  }

  /** Under the plan of cuts; at once with its time, or begun. */
  #run(operation: FlashOperation, done: (() => void) | undefined): void {
    const { kind, address, length, bank, durationUs, tear } = operation;
    const { power, timing, rail } = this.#parts;
    this.changes.count++;
    const begunUs = rail.nowUs;
    const complete = () => (rail.failedFlashSince(begunUs) ? tear() : operation.complete());
    const whole = () => {
      timing.spend(durationUs());
      complete();
    };
    if (done === undefined) {
      power.run({ kind, address, length, complete: whole, tear });
      return;
    }
    const finish = () => {
      complete();
      this.changes.count++;
      done();
    };
    const begin = () => {
      const banks = bank === undefined ? this.#banks : [bank];
      this.underWay.begin({ banks, durationUs: durationUs(), complete: finish, tear });
    };
    power.run({ kind, address, length, complete: whole, tear, begin });
  }

  /** One program operation: exactly one write unit of the present parallelism, aligned to its size. */
  programUnit(address: number, bytes: Uint8Array, whenDone?: WhenDone): FlashStatus {
    const { chip, timing, random } = this.#parts;
    const unit = eraseUnitAt(chip, address);
    if (unit === undefined) return 'out-of-range';
    if (bytes.length !== this.#unitBytes) return 'wrong-size';
    if (address % this.#unitBytes !== 0) return 'misaligned';
    if (this.#parts.isWriteProtected(unit)) return 'write-protected';
    this.underWay.waitFor(whenDone === undefined ? undefined : unit.bank);
    const cells = this.#cells[unit.index]!;
    const offset = address - unit.addressStart;
    const clean = cells.isErased(offset, bytes.length);
    const looksFirst = chip.write.overwrite === 'refused';
    if (!clean && looksFirst && bytes.some((byte) => byte !== 0)) return 'not-erased';
    const status = clean || looksFirst ? 'ok' : 'not-erased';
    const parallelism = this.#parallelism;
    this.#run(
      {
        kind: 'program',
        address,
        length: bytes.length,
        bank: unit.bank,
        durationUs: () => timing.programUs(parallelism),
        complete: () => cells.program(offset, bytes, looksFirst),
        tear: () => cells.tearProgram(offset, bytes, random),
      },
      whenDone && (() => whenDone(status)),
    );
    return status;
  }

  /** Erases the unit that holds the address. */
  eraseUnit(address: number, whenDone?: WhenDone): FlashStatus {
    const { chip, timing, random } = this.#parts;
    const unit = eraseUnitAt(chip, address);
    if (unit === undefined) return 'out-of-range';
    if (this.#parts.isWriteProtected(unit)) return 'write-protected';
    this.underWay.waitFor(whenDone === undefined ? undefined : unit.bank);
    const cells = this.#cells[unit.index]!;
    const parallelism = this.#parallelism;
    this.#run(
      {
        ...{ kind: 'erase', address: unit.addressStart, length: unit.sizeBytes, bank: unit.bank },
        durationUs: () => timing.eraseUs(unit.sizeBytes, parallelism),
        complete: () => cells.erase(),
        tear: () => cells.tearErase(random),
      },
      whenDone && (() => whenDone('ok')),
    );
    return 'ok';
  }

  /** Erases everything or one bank; with one unit of it write-protected, nothing (RM0090 3.7.4). */
  massErase(bank?: number, whenDone?: WhenDone): FlashStatus {
    const going = (unit: EraseUnit) => bank === undefined || unit.bank === bank;
    const units = this.#parts.chip.flash.eraseUnits.filter(going);
    if (units.length === 0) return 'out-of-range';
    if (units.some((unit) => this.#parts.isWriteProtected(unit))) return 'write-protected';
    this.#eraseMany(units, bank === undefined ? 1 : 0.5, whenDone);
    return 'ok';
  }

  /**
   * The erase of a regression of readout protection: write protection does not hold it up; some units stay.
   */
  eraseAllExcept(stays: (unit: EraseUnit) => boolean): void {
    this.#eraseMany(
      this.#parts.chip.flash.eraseUnits.filter((unit) => !stays(unit)),
      1,
      undefined,
    );
  }

  /** One operation; `share` is the part of the time of a whole mass erase that it takes. */
  #eraseMany(units: readonly EraseUnit[], share: number, whenDone: WhenDone | undefined): void {
    const { chip, timing, random } = this.#parts;
    const first = units[0]?.bank;
    const bank = units.every((unit) => unit.bank === first) ? first : undefined;
    this.underWay.waitFor(bank);
    const parallelism = this.#parallelism;
    this.#run(
      {
        ...{ kind: 'mass-erase', address: chip.flash.addressStart, length: chip.flash.sizeBytes, bank },
        durationUs: () => timing.massEraseUs(parallelism, share),
        complete: () => {
          for (const unit of units) this.#cells[unit.index]!.erase();
        },
        tear: () => {
          for (const unit of units) this.#cells[unit.index]!.tearErase(random);
        },
      },
      whenDone && (() => whenDone('ok')),
    );
  }
}
