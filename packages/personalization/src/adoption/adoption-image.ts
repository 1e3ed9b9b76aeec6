// The adoption image: the adopter for one place in flash, followed by its plan. An owner's bootloader
// writes and starts it as it does any application.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import type { Chip } from '@firmseal/chips';
import { imageAlignmentBytes } from './plan.ts';
import { type AdoptionStep, encodePlan } from './steps.ts';

/** `code`: the adopter as it is built, a multiple of 32 bytes; its first word is the stack. */
export function adoptionImage(
  chip: Chip,
  code: Uint8Array,
  { address, steps }: { readonly address: number; readonly steps: readonly AdoptionStep[] },
): Bytes {
  const own = code.slice();
  const table = new DataView(own.buffer);
  for (let at = 4; at < imageAlignmentBytes; at += 4)
    table.setUint32(at, address + imageAlignmentBytes + 1, true);
  return concatBytes(own, encodePlan(chip, steps));
}
