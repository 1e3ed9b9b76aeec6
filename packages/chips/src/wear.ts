// How long the flash lasts, computed: erase units that are used again and again, and what the agent
// writes into them. The journal's two halves are filled in turn, and erased twice for it; an
// application's units once an install.

import type { Chip } from './chip.ts';

/**
 * Bytes that the agent writes into its journal, at most: for an install, and for the first hello after a
 * reset on a chip without a random generator, whose randomness counts such starts.
 * device/agent/test/wear.test.ts measures them.
 */
export const journalBytes = { install: 4096, seededSession: 1280 } as const;

/**
 * Erases of a half each time that it is filled: as soon as the newer half stands, and ahead of its next use.
 */
export const journalErases = 2;

export interface Wear {
  /** Erases that the data sheet promises for each unit. */
  readonly cycles: number;
  /**
   * Installs until the units of the journal have had them; those of the application have them after `cycles`.
   */
  readonly journalInstalls: number;
  /** Starts with a hello until then; undefined where a hello writes nothing. */
  readonly sessions: number | undefined;
}

/** What an agent writes until both units of the journal had that many erases. */
export function wearOf({ layout, hasRandomGenerator, endurance: { cycles } }: Chip): Wear {
  const journal = layout.journal.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const times = (bytes: number) => Math.floor((journal * cycles) / (bytes * journalErases));
  return {
    cycles,
    journalInstalls: times(journalBytes.install),
    sessions: hasRandomGenerator ? undefined : times(journalBytes.seededSession),
  };
}
