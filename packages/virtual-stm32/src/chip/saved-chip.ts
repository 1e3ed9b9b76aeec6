// A snapshot of a whole chip: its parts, its life, and the chip that alone can take it back.

import type { DebugPort } from '../debug/debug-port.ts';
import type { PowerPlan } from '../silicon/power-supply.ts';
import type { ChipLife, SavedLife } from './life.ts';
import type { ChipParts } from './parts.ts';
import { type ChipSnapshot, type SavedParts, saveParts } from './snapshot.ts';

export interface SavedChip extends ChipSnapshot {
  readonly owner: object;
  readonly parts: SavedParts;
  readonly life: SavedLife;
  readonly debuggerAttached: boolean;
}

export function saveChip(
  chip: { readonly power: PowerPlan; readonly debug: DebugPort },
  chipParts: ChipParts,
  life: ChipLife,
): SavedChip {
  const parts = saveParts(chipParts);
  return {
    ...{ owner: chip, operations: chip.power.operations, parts },
    ...{ flash: parts.flash, optionsStored: parts.options.stored },
    ...{ life: life.save(), debuggerAttached: chip.debug.attached },
  };
}
