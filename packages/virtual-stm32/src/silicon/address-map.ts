// From an address as the CPU uses it to the physical one of the flash array: the alias at 0 (F427) and the
// swap of the banks (SYSCFG_MEMRMP.FB_MODE on F427, SWAP_BANK_OPT on H743).

import type { Chip } from '@firmseal/chips';

/** Physical flash address; undefined when the address is not flash. */
export function physicalFlashAddress(chip: Chip, address: number, swapped: boolean): number | undefined {
  const { addressStart, sizeBytes, aliases } = chip.flash;
  const inFlash = (one: number) => one >= addressStart && one < addressStart + sizeBytes;
  let canonical = address;
  if (!inFlash(canonical)) {
    const alias = aliases.find(
      (one) => address >= one.addressStart && address < one.addressStart + one.length,
    );
    if (alias === undefined) return undefined;
    canonical = address - alias.addressStart + alias.target;
  }
  if (!swapped) return canonical;
  return addressStart + ((canonical - addressStart + sizeBytes / 2) % sizeBytes);
}

/** Bytes from that address on before the mapping may jump: to the end of the bank. */
export function bytesToBankEnd(chip: Chip, physicalAddress: number): number {
  const bankBytes = chip.flash.sizeBytes / 2;
  return bankBytes - ((physicalAddress - chip.flash.addressStart) % bankBytes);
}
