// Where the chip starts after a reset: from option bytes, boot pins, an empty flash and, where two banks can
// change places, what stands at the start of bank 2. RM0090 2.4, RM0433 2.6, RM0351 2.6, RM0444 2.5,
// RM0456 4. At readout level 2 always from flash; on H5 in some product states always from system memory.

import { type Chip, eraseUnitAt, type FieldValue } from '@firmseal/chips';
import type { FlashMemory } from './flash-memory.ts';
import type { OptionBytes } from './option-bytes.ts';
import { bootsOutsideFlash } from './protection.ts';

/** Levels of the pins that a reset looks at. */
export interface BootPins {
  readonly boot0: boolean;
  readonly boot1: boolean;
}

export interface BootSource {
  readonly from: 'flash' | 'ram' | 'rom-bootloader';
  /** Where the vector table is, as the CPU addresses it. */
  readonly address: number;
  readonly banksSwapped: boolean;
}

interface BootParts {
  readonly chip: Chip;
  readonly options: OptionBytes;
  readonly flash: FlashMemory;
  readonly pins: BootPins;
  /** The first word was erased when option bytes were last loaded from power-on or by a launch. */
  readonly flashWasEmpty: boolean;
}

export function bootSource(parts: BootParts): BootSource {
  const { chip, options } = parts;
  const swapped = banksSwapped(parts);
  if (options.productState?.boots === 'rom-bootloader') return rom(chip, swapped);
  return chip.boot.selectedBy === 'boot-address' ? byBootAddress(parts, swapped) : byBootPins(parts, swapped);
}

/**
 * Whether the first word of flash reads as erased: what the empty check keeps
 * (RM0444 3.7.1, FLASH_ACR.EMPTY).
 */
export function isFlashEmpty({ chip, flash }: Pick<BootParts, 'chip' | 'flash'>): boolean {
  const word = flash.read(chip.flash.addressStart, 4);
  return typeof word !== 'string' && word.every((byte) => byte === 0xff);
}

/** The pin, or an option bit in its place: that is inverted (nBOOT0, nSWBOOT0 of G0, U5). */
function boot0({ chip, options, pins }: BootParts): boolean {
  const { boot0 } = chip.boot;
  if (boot0 === undefined || has(options, boot0.pinWhile)) return pins.boot0;
  return options.field(boot0.bitField) === 0;
}

const has = (options: OptionBytes, { field, value }: FieldValue) => options.field(field) === value;

const rom = (chip: Chip, swapped: boolean): BootSource => ({
  ...{ from: 'rom-bootloader', address: chip.romBootloader.addressStart, banksSwapped: swapped },
});

function isLocked({ chip, options }: BootParts): boolean {
  return chip.boot.lock !== undefined && has(options, chip.boot.lock);
}

function byBootPins(parts: BootParts, swapped: boolean): BootSource {
  const { chip, options, pins, flashWasEmpty } = parts;
  const free = bootsOutsideFlash(options.access) && !isLocked(parts);
  if (free && boot0(parts)) {
    const { boot1Field } = chip.boot;
    const fromRam = boot1Field === undefined ? pins.boot1 : options.field(boot1Field) === 0;
    if (!fromRam) return rom(chip, false);
    return { from: 'ram', address: chip.ram[0]!.addressStart, banksSwapped: false };
  }
  if (free && chip.boot.emptyCheck && flashWasEmpty) return rom(chip, false);
  return { from: 'flash', address: chip.flash.addressStart, banksSwapped: swapped };
}

function banksSwapped({ chip, options, flash }: BootParts): boolean {
  const { bankField, bankValue, bankRule } = chip.boot;
  if (bankField === undefined || options.field(bankField) !== bankValue) return false;
  return bankRule === 'always' || hasStackPointer(chip, flash, chip.flash.banks[1]!.addressStart);
}

function hasStackPointer(chip: Chip, flash: FlashMemory, address: number): boolean {
  const word = flash.read(address, 4);
  if (typeof word === 'string') return false;
  const pointer = new DataView(word.buffer).getUint32(0, true);
  return chip.ram.some(
    ({ addressStart, length, kind }) =>
      kind === 'sram' && pointer > addressStart && pointer <= addressStart + length,
  );
}

function byBootAddress(parts: BootParts, swapped: boolean): BootSource {
  const { chip, options } = parts;
  const { pinLow, pinHigh, shift } = chip.boot.addressFields!;
  const free = bootsOutsideFlash(options.access);
  const high = !isLocked(parts) && boot0(parts);
  if (high && pinHigh === undefined)
    return free
      ? rom(chip, swapped)
      : { from: 'flash', address: chip.flash.addressStart, banksSwapped: swapped };
  const address = options.field(high ? pinHigh! : pinLow) * 2 ** shift;
  if (eraseUnitAt(chip, address) !== undefined) return { from: 'flash', address, banksSwapped: swapped };
  if (free) {
    const { addressStart, length } = chip.romBootloader;
    if (address >= addressStart && address < addressStart + length)
      return { from: 'rom-bootloader', address, banksSwapped: swapped };
    if (chip.ram.some((one) => address >= one.addressStart && address < one.addressStart + one.length))
      return { from: 'ram', address, banksSwapped: swapped };
  }
  return { from: 'flash', address: chip.flash.addressStart, banksSwapped: swapped };
}
