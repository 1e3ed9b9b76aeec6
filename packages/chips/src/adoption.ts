// Which chips can be taken over by an update (docs/adoption.md): those where one bit of the option bytes
// decides which of two places a reset starts. Elsewhere the first unit of flash would have to be erased, and
// a power cut between that erase and the write leaves nothing that starts.

import type { Chip } from './chip.ts';

/**
 * `boot-address`: an address in the option bytes says where a reset starts. `bank-boot`: a bit makes the ROM
 * start the second bank, where it holds a stack pointer.
 */
export type AdoptionSwitch = 'boot-address' | 'bank-boot';

/** Undefined where a reset always starts the same place, or the banks change places under the agent. */
export function adoptionSwitch({ boot }: Chip): AdoptionSwitch | undefined {
  if (boot.addressFields !== undefined) return 'boot-address';
  return boot.bankRule === 'valid-stack-pointer' ? 'bank-boot' : undefined;
}

/** Chips whose adopter was built and executed; a test holds the list to device/agent/adopter. */
const adopters: readonly string[] = ['stm32f427', 'stm32h743'];

/** Whether an update can take a sold board with this chip over, if its layout and level allow. */
export const adoptableByUpdate = (chip: Chip): boolean =>
  adopters.includes(chip.id) && adoptionSwitch(chip) !== undefined && chip.hasRandomGenerator;
