// Which erase units an address or a range touches. Canonical addresses only: aliases
// are for the CPU, not for us.

import { Fault } from '@firmseal/fault';
import type { Chip } from './chip.ts';
import type { EraseUnit } from './flash.ts';
import type { Range } from './range.ts';

/** The erase unit that holds the byte at that canonical address; undefined outside the flash. */
export function eraseUnitAt(chip: Chip, address: number): EraseUnit | undefined {
  const units = chip.flash.eraseUnits;
  let low = 0;
  let high = units.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const unit = units[middle]!;
    if (address < unit.addressStart) high = middle;
    else if (address >= unit.addressStart + unit.sizeBytes) low = middle + 1;
    else return unit;
  }
  return undefined;
}

/** The erase units that the range touches, ascending; none for length 0. Throws `address-not-in-flash`. */
export function eraseUnitsOf(chip: Chip, { addressStart, length }: Range): readonly EraseUnit[] {
  if (length === 0) return [];
  const first = eraseUnitAt(chip, addressStart);
  const last = eraseUnitAt(chip, addressStart + length - 1);
  if (first === undefined || last === undefined || last.index < first.index)
    throw new Fault('address-not-in-flash', {
      chip: chip.id,
      first: hexAddress(addressStart),
      last: hexAddress(addressStart + length - 1),
    });
  return chip.flash.eraseUnits.slice(first.index, last.index + 1);
}

/** `0x08020000` */
export function hexAddress(address: number): string {
  return `0x${address.toString(16).toUpperCase().padStart(8, '0')}`;
}
