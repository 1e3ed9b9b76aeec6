// Where the chip starts after a reset: from option bytes, boot pins and, on F427, what stands at the start of bank 2.
// RM0090 2.4, RM0433 2.6. At readout level 2 always from flash.

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
  return parts.chip.boot.selectedBy === 'boot-address' ? byBootAddress(parts) : byBootPins(parts);
}

function byBootPins({ chip, options, flash, pins }: BootParts): BootSource {
  if (pins.boot0 && bootsOutsideFlash(options.level)) {
    if (pins.boot1) return { from: 'ram', address: chip.ram[0]!.addressStart, banksSwapped: false };
    return { from: 'rom-bootloader', address: chip.romBootloader.addressStart, banksSwapped: false };
  }
  const { bankField, bankValue, bankRule } = chip.boot;
  const bank2 = chip.flash.banks[1];
  const banksSwapped =
    bank2 !== undefined &&
    bankField !== undefined &&
    options.field(bankField) === bankValue &&
    (bankRule === 'always' || hasStackPointer(chip, flash, bank2.addressStart));
  return { from: 'flash', address: chip.flash.addressStart, banksSwapped };
}

function hasStackPointer(chip: Chip, flash: FlashMemory, address: number): boolean {
  const word = flash.read(address, 4);
  if (typeof word === 'string') return false;
  const pointer = new DataView(word.buffer).getUint32(0, true);
  return chip.ram.some((range) => {
    const { addressStart, length, kind } = range;
    return kind === 'sram' && pointer > addressStart && pointer <= addressStart + length;
  });
}

function byBootAddress({ chip, options, pins }: BootParts): BootSource {
  const { pinLow, pinHigh, shift } = chip.boot.addressFields!;
  const field = pins.boot0 ? pinHigh : pinLow;
  const address = field === undefined ? chip.romBootloader.addressStart : options.field(field) * 2 ** shift;
  const { bankField, bankValue } = chip.boot;
  const banksSwapped = bankField !== undefined && options.field(bankField) === bankValue;
  if (eraseUnitAt(chip, address) !== undefined) return { from: 'flash', address, banksSwapped };
  if (bootsOutsideFlash(options.level)) {
    const { addressStart, length } = chip.romBootloader;
    if (address >= addressStart && address < addressStart + length)
      return { from: 'rom-bootloader', address, banksSwapped };
    if (
      chip.ram.some((range) => address >= range.addressStart && address < range.addressStart + range.length)
    )
      return { from: 'ram', address, banksSwapped };
  }
  return { from: 'flash', address: chip.flash.addressStart, banksSwapped };
}
