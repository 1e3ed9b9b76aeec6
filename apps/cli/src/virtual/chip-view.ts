// What a person wants to see of a virtual chip at a moment, and the map of its flash, a
// letter for each erase unit.

import { toHex } from '@firmseal/bytes';
import type { EraseUnit } from '@firmseal/chips';
import type { Board } from './board.ts';

export interface ChipView {
  readonly number: number;
  readonly chip: string;
  readonly uniqueId: string;
  readonly powered: boolean;
  readonly readoutLevel: 0 | 1 | 2;
  /** `ROM bootloader`, `agent`, `machine code`, `nothing`. */
  readonly runs: string;
  readonly boot0High: boolean;
  readonly operations: number;
  /** The next power cut that is planned. */
  readonly cut: { readonly operation: number; readonly moment: string } | undefined;
  readonly simulatedMs: number;
  /** A text of letters a bank: mapLegend. */
  readonly map: readonly string[];
}

export const mapLegend =
  '. erased  # programmed  o erased, write-protected  @ programmed, write-protected  ! faults';

function letter(board: Board, unit: EraseUnit): string {
  const { content, writeProtected } = board.chip.judge.unit(unit);
  if (content === 'broken') return '!';
  if (content === 'erased') return writeProtected ? 'o' : '.';
  return writeProtected ? '@' : '#';
}

function drawMap(board: Board): string[] {
  const { banks, eraseUnits } = board.chip.chip.flash;
  return banks.map(({ number }) =>
    eraseUnits
      .filter(({ bank }) => bank === number)
      .map((unit) => letter(board, unit))
      .join(''),
  );
}

/**
 * Write protection counts as well as content, so the map is drawn again when either changed.
 */
const drawn = new WeakMap<Board, { readonly at: string; readonly map: string[] }>();

function mapOf(board: Board): string[] {
  const { flashVersion, optionsLoaded } = board.chip.judge;
  const at = `${flashVersion}/${[...optionsLoaded.values()].join()}`;
  const known = drawn.get(board);
  if (known?.at === at) return known.map;
  const map = drawMap(board);
  drawn.set(board, { at, map });
  return map;
}

export function viewOf(board: Board): ChipView {
  const { chip, number, runs, boot0High } = board;
  const [cut] = chip.power.pending;
  return {
    ...{ number, runs, boot0High, chip: chip.chip.id, uniqueId: toHex(chip.uid), powered: chip.powered },
    readoutLevel: chip.judge.readoutLevel,
    operations: chip.power.operations,
    cut: cut === undefined ? undefined : { operation: cut.operation, moment: cut.moment },
    simulatedMs: Math.round(chip.clock.nowUs / 1000),
    map: mapOf(board),
  };
}
