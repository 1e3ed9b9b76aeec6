// What interrupted operations leave behind, seeded. The model, not a measurement: a torn program
// changes a random subset of the bits that were to change; a torn erase leaves, line by line, the old
// content, the erased state, or a random mixture. Real cells can also read differently from one time
// to the next; that is not modelled.

import type { SeededRandom } from './random.ts';

/**
 * Sets in `target` a random subset of the bits in which it differs from `goal`; says how much was changed.
 */
export function tearBytes(
  target: Uint8Array,
  goal: Uint8Array,
  random: SeededRandom,
): 'none' | 'some' | 'all' {
  let changed = false;
  let left = false;
  for (let i = 0; i < target.length; i++) {
    const due = target[i]! ^ goal[i]!;
    const done = due & random.word();
    target[i]! ^= done;
    if (done !== 0) changed = true;
    if (done !== due) left = true;
  }
  if (!changed) return 'none';
  return left ? 'some' : 'all';
}

/** What a line (of one ECC granule or so) of a unit whose erase was torn is left as. */
export type TornLine = 'kept' | 'erased' | 'mixed';

export function tornLine(random: SeededRandom): TornLine {
  return (['kept', 'erased', 'mixed'] as const)[random.below(3)]!;
}
