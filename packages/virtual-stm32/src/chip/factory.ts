// One call for a chip by its catalogue id.

import { findChip } from '@firmseal/chips';
import type { VirtualChipOptions } from './options.ts';
import { VirtualChip } from './virtual-chip.ts';

export type CreateOptions = Omit<VirtualChipOptions, 'chip'> & { readonly chip: string };

/** A blank chip, without power. Throws `chip-unknown`. */
export function createVirtualChip({ chip, ...options }: CreateOptions): VirtualChip {
  return new VirtualChip({ chip: findChip(chip), ...options });
}
