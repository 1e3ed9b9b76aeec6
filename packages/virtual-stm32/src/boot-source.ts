// Where the chip starts after a reset: from option bytes, boot pins and what stands in flash. RM0090 2.4, RM0433 2.6,
// RM0444 2.5, RM0351 2.6, RM0456 4. At readout level 2, and where a boot lock says so, always from flash.

import type { Chip } from '@firmseal/chips';
import { eraseUnitAt } from '@firmseal/chips';
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
}

export function bootSource(parts: BootParts): BootSource {
  const { selectedBy, lock } = parts.chip.boot;
  const locked = lock !== undefined && parts.options.field(lock.field) === lock.value;
  const outside = !locked && bootsOutsideFlash(parts.options.level);
  return selectedBy === 'boot-address' ? byBootAddress(parts, outside) : byBootPins(parts, outside);
}

/** The level of BOOT0: its pin, or an option bit that holds it inverted (RM0444 2.5, RM0456 4). */
function boot0({ chip, options, pins }: BootParts): boolean {
  const { boot0: source } = chip.boot;
  if (source === undefined || options.field(source.pinWhile.field) === source.pinWhile.value)
    return pins.boot0;
  return options.field(source.bitField) === 0;
}

function byBootPins(parts: BootParts, outside: boolean): BootSource {
  const { chip, options, flash, pins } = parts;
  const { addressStart } = chip.flash;
  const rom = {
    from: 'rom-bootloader',
    address: chip.romBootloader.addressStart,
    banksSwapped: false,
  } as const;
  if (outside && boot0(parts)) {
    const { boot1Field } = chip.boot;
    const ram = boot1Field === undefined ? pins.boot1 : options.field(boot1Field) === 0;
    return ram ? { from: 'ram', address: chip.ram[0]!.addressStart, banksSwapped: false } : rom;
  }
  const banksSwapped = bankSelected(parts);
  // An empty part starts its bootloader (RM0444 2.5, empty check).
  if (outside && chip.boot.emptyCheck && firstWord(flash, addressStart) === 0xffff_ffff) return rom;
  return { from: 'flash', address: addressStart, banksSwapped };
}

/** Whether option bytes make bank 2 stand at the start of flash. */
function bankSelected({ chip, options, flash }: BootParts): boolean {
  const { bankField, bankValue, bankRule } = chip.boot;
  if (bankField === undefined || options.field(bankField) !== bankValue) return false;
  return bankRule === 'always' || hasStackPointer(chip, flash, chip.flash.banks[1]!.addressStart);
}

function firstWord(flash: FlashMemory, address: number): number | undefined {
  const word = flash.read(address, 4);
  return typeof word === 'string' ? undefined : new DataView(word.buffer).getUint32(0, true);
}

function hasStackPointer(chip: Chip, flash: FlashMemory, address: number): boolean {
  const pointer = firstWord(flash, address);
  if (pointer === undefined) return false;
  return chip.ram.some((range) => {
    const { addressStart, length, kind } = range;
    return kind === 'sram' && pointer > addressStart && pointer <= addressStart + length;
  });
}

function byBootAddress(parts: BootParts, outside: boolean): BootSource {
  const { chip, options } = parts;
  const { pinLow, pinHigh, shift } = chip.boot.addressFields!;
  const banksSwapped = bankSelected(parts);
  const { addressStart, length } = chip.romBootloader;
  const high = outside && boot0(parts);
  const address =
    high && pinHigh === undefined ? addressStart : options.field(high ? pinHigh! : pinLow) * 2 ** shift;
  if (eraseUnitAt(chip, address) !== undefined) return { from: 'flash', address, banksSwapped };
  if (outside) {
    if (address >= addressStart && address < addressStart + length)
      return { from: 'rom-bootloader', address, banksSwapped };
    if (
      chip.ram.some((range) => address >= range.addressStart && address < range.addressStart + range.length)
    )
      return { from: 'ram', address, banksSwapped };
  }
  return { from: 'flash', address: chip.flash.addressStart, banksSwapped };
}
