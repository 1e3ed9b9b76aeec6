// Whether a chip without an agent can be given a package: spec/station.md section 6. Nothing is in the chip
// that could start an image from another place, so it must lie where the chip looks by itself.

import { type Chip, eraseUnitAt, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Manifest } from '@firmseal/seal';

/** Throws `manifest-chip-wrong`, `station-package-unfit`. */
export function checkForStation({ core }: Pick<Manifest, 'core'>, chip: Chip): void {
  const { flash, write } = chip;
  if (!core.chips.includes(chip.id)) throw new Fault('manifest-chip-wrong', { chip: chip.id });
  const refuse = (reason: string) => new Fault('station-package-unfit', { chip: chip.id, reason });
  if (core.entry !== flash.addressStart)
    throw refuse(
      `its vector table is at ${hexAddress(core.entry)}, and a chip without agent starts at ${hexAddress(flash.addressStart)}`,
    );
  let unitBefore = -1;
  for (const { kind, address, lengthBytes } of core.areas) {
    if (kind === 'generated-keys') throw refuse('it asks for keys that the chip makes, which needs an agent');
    const [first, last] = [eraseUnitAt(chip, address), eraseUnitAt(chip, address + lengthBytes - 1)];
    const end = flash.addressStart + flash.sizeBytes;
    if (address < flash.addressStart || address + lengthBytes > end || !first || !last)
      throw refuse(`an area at ${hexAddress(address)} is not in its flash`);
    if (address % write.unitBytes !== 0 || lengthBytes % write.unitBytes !== 0)
      throw refuse(`an area at ${hexAddress(address)} is no whole number of write units`);
    if (first.index <= unitBefore) throw refuse('two areas share an erase unit');
    unitBefore = last.index;
  }
}
