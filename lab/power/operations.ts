// Operations of flash and option bytes: those of an action that nothing interrupts, and which of them are
// edges of a run.

import type { Operation, VirtualChip } from '@firmseal/virtual-stm32';

/** The operations of the action, in their order. */
export function watchOperations({ power }: VirtualChip, action: () => void): Operation[] {
  const seen: Operation[] = [];
  power.onOperation = (operation) => seen.push(operation);
  try {
    action();
  } finally {
    power.onOperation = undefined;
  }
  return seen;
}

const follows = (a: Operation | undefined, b: Operation | undefined): boolean =>
  a?.kind === 'program' && b?.kind === 'program' && a.address + a.length === b.address;

/** Erases, option bytes, and the first and the last program of each run. */
export const isEdgeOfRun = (operations: readonly Operation[], i: number): boolean =>
  !follows(operations[i - 1], operations[i]) || !follows(operations[i], operations[i + 1]);
