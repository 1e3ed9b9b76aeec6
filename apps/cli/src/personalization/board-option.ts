// `--board NAME|FILE`: a ready board, or the settings of the user's own.

import { type Board, boardIds, findBoard, readBoardFile } from '@firmseal/boards';
import type { Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { readText } from '../files.ts';

/** Whether a board is named by a file. */
export const isBoardFile = (text: string): boolean => /[./\\]/.test(text) && !boardIds.includes(text);

/** Throws `board-file-invalid`, `board-field-invalid`, `board-unknown`, `board-of-another-chip`. */
export function readBoard(text: string, chip: Chip): Board {
  const board = isBoardFile(text) ? readBoardFile(readText(text), text) : findBoard(text);
  if (board.chip !== chip.id)
    throw new Fault('board-of-another-chip', { board: board.id, found: board.chip, chip: chip.id });
  return board;
}
