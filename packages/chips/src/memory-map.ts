// What lies at an address of a chip, in words: for pieces of an image that no install can write. The
// catalogue names flash, RAM, OTP, option bytes and ROM; everything else is the map that all Cortex-M parts
// share (ARMv7-M Architecture Reference Manual, B3.1) with ST's use of its external windows.

import type { Chip } from './chip.ts';
import type { Range } from './range.ts';

/** What kind of place it is, which decides what a person can do about it. */
export type MemoryKind =
  | 'flash'
  | 'beyond-flash'
  | 'alias'
  | 'ram'
  | 'otp'
  | 'option-bytes'
  | 'system-memory'
  | 'external-memory'
  | 'registers'
  | 'nothing';

export interface MemoryPlace {
  readonly kind: MemoryKind;
  /** `the option bytes`, `DTCM`: what lies there, to stand after "in" or "at". */
  readonly name: string;
}

const holds = ({ addressStart, length }: Range, address: number) =>
  address >= addressStart && address < addressStart + length;

/** The windows of all parts, as ST uses them: RM0090, RM0433 and RM0456, memory map. */
const windows: readonly (Range & MemoryPlace)[] = [
  { addressStart: 0x20000000, length: 0x20000000, kind: 'ram', name: 'RAM that this chip does not have' },
  { addressStart: 0x40000000, length: 0x20000000, kind: 'registers', name: 'registers of peripherals' },
  { addressStart: 0x60000000, length: 0x10000000, kind: 'external-memory', name: 'external memory (FMC)' },
  {
    addressStart: 0x70000000,
    length: 0x10000000,
    kind: 'external-memory',
    name: 'external memory (OCTOSPI)',
  },
  { addressStart: 0x80000000, length: 0x10000000, kind: 'external-memory', name: 'external memory (FMC)' },
  {
    addressStart: 0x90000000,
    length: 0x10000000,
    kind: 'external-memory',
    name: 'external memory (QUADSPI, OCTOSPI)',
  },
  { addressStart: 0xc0000000, length: 0x20000000, kind: 'external-memory', name: 'external memory (SDRAM)' },
  { addressStart: 0xe0000000, length: 0x20000000, kind: 'registers', name: 'registers of the core' },
];

const optionRegisterBytes = 4;
/** Flash of a larger part of the family would lie here. */
const flashWindowBytes = 0x0400_0000;

function inOptionBytes({ options }: Chip, address: number): boolean {
  return (
    (options.mapped ?? []).some((range) => holds(range, address)) ||
    options.registers.some(({ readAddress, programAddress }) =>
      [readAddress, programAddress].some((start) =>
        holds({ addressStart: start, length: optionRegisterBytes }, address),
      ),
    )
  );
}

/** What lies at the address of a byte. */
export function memoryAt(chip: Chip, address: number): MemoryPlace {
  const { flash, ram, otp, romBootloader } = chip;
  if (holds({ addressStart: flash.addressStart, length: flash.sizeBytes }, address))
    return { kind: 'flash', name: 'flash' };
  const memory = ram.find((range) => holds(range, address));
  if (memory !== undefined) return { kind: 'ram', name: `RAM (${memory.name})` };
  if (otp !== undefined && holds(otp, address)) return { kind: 'otp', name: 'OTP' };
  if (inOptionBytes(chip, address)) return { kind: 'option-bytes', name: 'the option bytes' };
  if (holds(romBootloader, address)) return { kind: 'system-memory', name: 'the ROM bootloader' };
  const alias = flash.aliases.find((range) => holds(range, address));
  if (alias !== undefined) return { kind: 'alias', name: 'a second address of the flash' };
  if (holds({ addressStart: flash.addressStart, length: flashWindowBytes }, address))
    return { kind: 'beyond-flash', name: `no flash: this chip has ${flash.sizeBytes / 1024} KiB` };
  const window = windows.find((range) => holds(range, address));
  return window === undefined
    ? { kind: 'nothing', name: 'no memory of this chip' }
    : { kind: window.kind, name: window.name };
}
