// The ROM bootloader's hands: RomTarget on the chip as its CPU reaches it from system memory. Which
// ranges it serves is AN2606 and AN3155 section 3 (valid addresses); who may touch what is
// protection.ts, and holds here too.

import {
  type Chip,
  type EraseUnit,
  eraseTiming,
  eraseUnitAt,
  massEraseTiming,
  programTiming,
  type Range,
  readoutLevel,
  withOptionField,
  writeUnitBytes,
} from '@firmseal/chips';
import type { CpuPort } from '../firmware/executor.ts';
import { OptionMemory } from './option-memory.ts';
import { type RomFacts, voltageByteAddress } from './rom-facts.ts';
import type { Announced, MassErase, RomTarget } from './rom-target.ts';

const within = (range: Range, address: number, lengthBytes: number): boolean =>
  address >= range.addressStart && address + lengthBytes <= range.addressStart + range.length;

const overlaps = (range: Range, address: number, lengthBytes: number): boolean =>
  address < range.addressStart + range.length && range.addressStart < address + lengthBytes;

/** The ranges that the bootloader serves, besides the option windows. */
function areasOf({ flash, ram, otp, romBootloader, identity }: Chip, { otpLock, voltageByte }: RomFacts) {
  const { uniqueIdAddress, uniqueIdLength, flashSizeAddress } = identity;
  return {
    flash: [{ addressStart: flash.addressStart, length: flash.sizeBytes }],
    ram: ram.filter(({ kind }) => kind === 'sram'),
    otp: otp === undefined ? [] : [otp],
    special: voltageByte ? [{ addressStart: voltageByteAddress, length: 4 }] : [],
    system: [
      romBootloader,
      { addressStart: romBootloader.version.address, length: 1 },
      { addressStart: uniqueIdAddress, length: uniqueIdLength },
      { addressStart: flashSizeAddress, length: 2 },
      ...(otpLock === undefined ? [] : [otpLock]),
    ],
  };
}

const optionWindows = ({ romBootloader }: Chip) => romBootloader.optionMemory?.windows ?? [];

export class RomMemory implements RomTarget {
  readonly #cpu: CpuPort;
  readonly #facts: RomFacts;
  readonly #options: OptionMemory;
  readonly #areas: ReturnType<typeof areasOf>;
  #voltage = 3;

  constructor(cpu: CpuPort, facts: RomFacts) {
    this.#cpu = cpu;
    this.#facts = facts;
    this.#options = new OptionMemory(cpu, optionWindows(cpu.chip));
    this.#areas = areasOf(cpu.chip, facts);
  }

  get productId(): number {
    return this.#cpu.chip.romBootloader.productId;
  }

  isReadProtected(): boolean {
    return readoutLevel(this.#cpu.chip, this.#options.values()) > 0;
  }

  #inRam(address: number, lengthBytes: number): boolean {
    return this.#areas.ram.some((range) => within(range, address, lengthBytes));
  }

  #inOwnRam(address: number, lengthBytes: number): boolean {
    return this.#facts.reservedRam.some((range) => overlaps(range, address, lengthBytes));
  }

  readableBytes(address: number, mostBytes: number): number {
    const { flash, ram, otp, system, special } = this.#areas;
    const areas = [...flash, ...ram, ...optionWindows(this.#cpu.chip), ...otp, ...special, ...system];
    const area = areas.find((range) => within(range, address, 1));
    return area === undefined ? 0 : Math.min(mostBytes, area.addressStart + area.length - address);
  }

  canWrite(address: number, lengthBytes: number): boolean {
    const { flash, otp, special } = this.#areas;
    return (
      (this.#inRam(address, lengthBytes) && !this.#inOwnRam(address, lengthBytes)) ||
      [...flash, ...optionWindows(this.#cpu.chip), ...otp, ...special].some((range) =>
        within(range, address, lengthBytes),
      )
    );
  }

  read(address: number, lengthBytes: number): Uint8Array | undefined {
    if (this.readableBytes(address, lengthBytes) < lengthBytes) return undefined;
    const inside = (range: Range) => within(range, address, lengthBytes);
    const { special, system, ram } = this.#areas;
    if (special.some(inside)) return this.#voltageBytes(address, lengthBytes);
    if (this.#options.holds(address, lengthBytes)) return this.#options.read(address, lengthBytes);
    if (system.some(inside)) return this.#readSystemMemory(address, lengthBytes);
    const found = ram.some(inside)
      ? this.#cpu.readRam(address, lengthBytes)
      : this.#cpu.readFlash(address, lengthBytes);
    return typeof found === 'string' ? undefined : found;
  }

  #voltageBytes(address: number, lengthBytes: number): Uint8Array {
    const offset = address - voltageByteAddress;
    return Uint8Array.of(this.#voltage, 0, 0, 0).slice(offset, offset + lengthBytes);
  }

  /**
   * ST's code is not here: its bytes read as 0, but for the version, the unique id, the
   * flash size, OTP locks (open).
   */
  #readSystemMemory(address: number, lengthBytes: number): Uint8Array {
    const { uniqueIdAddress, uniqueIdLength, flashSizeAddress } = this.#cpu.chip.identity;
    const { versionValue, otpLock } = this.#facts;
    const versionAddress = this.#cpu.chip.romBootloader.version.address;
    const kibibytes = this.#cpu.chip.flash.sizeBytes / 1024;
    const bytes = new Uint8Array(lengthBytes);
    for (let i = 0; i < lengthBytes; i++) {
      const at = address + i;
      if (otpLock !== undefined && within(otpLock, at, 1)) bytes[i] = 0xff;
      else if (at === versionAddress) bytes[i] = versionValue;
      else if (at >= uniqueIdAddress && at < uniqueIdAddress + uniqueIdLength)
        bytes[i] = this.#cpu.uid[at - uniqueIdAddress]!;
      else if (at === flashSizeAddress || at === flashSizeAddress + 1)
        bytes[i] = kibibytes >>> (8 * (at - flashSizeAddress));
    }
    return bytes;
  }

  write(address: number, bytes: Uint8Array): 'done' | 'reset-due' {
    if (bytes.length === 0) return 'done';
    if (this.#areas.special.some((range) => within(range, address, bytes.length)))
      this.#setVoltage(address === voltageByteAddress ? bytes[0] : undefined);
    else if (this.#options.holds(address, bytes.length)) {
      this.#options.write(address, bytes);
      return 'reset-due';
    } else if (this.#inRam(address, bytes.length)) this.#cpu.writeRam(address, bytes);
    else this.#program(address, bytes);
    return 'done';
  }

  #setVoltage(value: number | undefined): void {
    const parallelism = (['x8', 'x16', 'x16', 'x32'] as const)[value ?? -1];
    if (parallelism === undefined) return; // 4 asks for a VPP that no socket here supplies
    this.#voltage = value!;
    this.#cpu.setParallelism(parallelism);
  }

  /**
   * Whole write units: what a unit has before and after the bytes is filled with FF, which programs nothing.
   */
  #program(address: number, bytes: Uint8Array): void {
    const unitBytes = this.#cpu.writeUnitBytes;
    const before = address % unitBytes;
    const padded = new Uint8Array(Math.ceil((before + bytes.length) / unitBytes) * unitBytes).fill(0xff);
    padded.set(bytes, before);
    for (let at = 0; at < padded.length; at += unitBytes)
      this.#cpu.programUnit(address - before + at, padded.subarray(at, at + unitBytes));
  }

  eraseUnitAt(address: number): number | undefined {
    return eraseUnitAt(this.#cpu.chip, address)?.index;
  }

  hasEraseUnit(unit: number): boolean {
    return this.#cpu.chip.flash.eraseUnits[unit] !== undefined;
  }

  #unit(number: number): EraseUnit {
    const unit = this.#cpu.chip.flash.eraseUnits[number];
    if (unit === undefined) throw new RangeError(`no erase unit ${number}`);
    return unit;
  }

  erase(units: readonly number[]): void {
    for (const unit of units) this.#cpu.eraseUnit(this.#unit(unit).addressStart);
  }

  massErase(which: MassErase): void {
    this.#cpu.massErase(which === 'all' ? undefined : which === 'bank1' ? 1 : 2);
  }

  /**
   * Where the chip protects ranges instead of single units, the first range of each bank takes all from its
   * lowest to its highest unit (unverified: AN3155 speaks of sectors only).
   */
  setWriteProtection(units: readonly number[]): void {
    const { chip } = this.#cpu;
    let values = this.#options.values();
    for (const unit of chip.flash.eraseUnits) {
      if (unit.writeProtect.kind === 'ranges') continue;
      const { register, bit } = unit.writeProtect;
      const mask = 2 ** bit;
      const old = values.get(register)!;
      values.set(register, (units.includes(unit.index) ? old & ~mask : old | mask) >>> 0);
    }
    for (const { number } of chip.flash.banks) {
      const inBank = chip.flash.eraseUnits.filter((unit) => unit.bank === number);
      values = this.#protectRange(values, inBank, new Set(units));
    }
    this.#options.program(values);
  }

  #protectRange(
    before: Map<number, number>,
    bank: readonly EraseUnit[],
    wanted: ReadonlySet<number>,
  ): Map<number, number> {
    const protect = bank[0]!.writeProtect;
    if (protect.kind !== 'ranges') return before;
    const chosen = bank.filter((unit) => wanted.has(unit.index));
    const position = (unit: EraseUnit | undefined) =>
      unit?.writeProtect.kind === 'ranges' ? unit.writeProtect.position : undefined;
    const none = { start: position(bank.at(-1))!, end: 0 };
    const all = { start: position(chosen[0]) ?? none.start, end: position(chosen.at(-1)) ?? none.end };
    let values = before;
    for (const [i, { startField, endField }] of protect.ranges.entries()) {
      const { start, end } = i === 0 ? all : none;
      values = withOptionField(this.#cpu.chip, values, { name: startField, value: start });
      values = withOptionField(this.#cpu.chip, values, { name: endField, value: end });
    }
    return values;
  }

  #setReadoutField(value: number): void {
    const { chip } = this.#cpu;
    const name = chip.readoutProtection.field;
    this.#options.program(withOptionField(chip, this.#options.values(), { name, value }));
  }

  protectReadout(): void {
    this.#setReadoutField(this.#cpu.chip.readoutProtection.level1);
  }

  unprotectReadout(): void {
    this.#setReadoutField(this.#cpu.chip.readoutProtection.level0);
  }

  reset(): never {
    return this.#cpu.launchOptions();
  }

  canGo(address: number): boolean {
    const inFlash = this.#areas.flash.some((range) => within(range, address, 8));
    return address % 4 === 0 && (inFlash || (this.#inRam(address, 8) && !this.#inOwnRam(address, 8)));
  }

  go(address: number): never {
    return this.#cpu.bootApplication(address, { mapping: 'normal' });
  }

  announcedMs(operation: Announced): number {
    return Math.ceil(this.#announcedUs(operation) / 1000);
  }

  #announcedUs(operation: Announced): number {
    const { chip } = this.#cpu;
    const { parallelism } = chip.write;
    switch (operation.kind) {
      case 'erase': {
        const unit = eraseUnitAt(chip, operation.address);
        return unit === undefined ? 0 : eraseTiming(chip, unit.sizeBytes, parallelism).typicalUs;
      }
      case 'mass-erase':
        return massEraseTiming(chip, parallelism).typicalUs;
      case 'write':
        if (this.#options.holds(operation.address, 1)) return chip.timing.optionProgram.typicalUs;
        return (
          Math.ceil(operation.lengthBytes / writeUnitBytes(chip, parallelism)) *
          programTiming(chip, parallelism).typicalUs
        );
      case 'other':
        return 0;
    }
  }
}
