// What is seen at address 0 on the families that alias it (F4, L4, G0): the flash, the SRAM or system
// memory, by what was booted and then by SYSCFG. RM0090 2.4, RM0351 2.6, RM0444 2.5. Other families have
// memory of their own there, or none.

import type { Chip } from '@firmseal/chips';

export type LowMemory = 'flash' | 'ram' | 'rom';

/** Whether the chip shows one of its memories at 0. */
export function aliasesLowMemory(chip: Chip): boolean {
  return chip.flash.aliases.some(({ addressStart }) => addressStart === 0);
}

/** The address that is meant by one in the alias; any other stays. Flash is left to the map of the flash. */
export function lowAddress(chip: Chip, address: number, memory: LowMemory): number {
  if (memory === 'flash') return address;
  const alias = chip.flash.aliases.find(({ addressStart }) => addressStart === 0);
  if (alias === undefined || address >= alias.length) return address;
  return address + (memory === 'ram' ? chip.ram[0]!.addressStart : chip.romBootloader.addressStart);
}
