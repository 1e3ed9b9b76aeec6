// A list of sold boards, one a row, comma-separated: board,chip,level,bootloader,place,application,options.
// Options are FIELD=VALUE with spaces between; application and options may be empty.

import { findChipNamed } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { SoldBoard } from '@firmseal/personalization';
import { readText } from '../files.ts';
import { toNumber } from '../options.ts';
import { soldBoard } from './board-options.ts';

const head = 'board,chip,level,bootloader,place,application,options';

export interface NamedBoard {
  readonly name: string;
  readonly board: SoldBoard;
}

function boardOf(cells: readonly string[], damaged: (problem: string) => Fault): NamedBoard {
  const [name, chip, level, bootloader, place, application, options] = cells;
  if (cells.length !== 7 || !name || !chip || !bootloader || !place)
    throw damaged(`${cells.length} cells, or an empty one`);
  const number = toNumber(level!, { most: 2 });
  if (number === undefined) throw damaged(`its level is ${level}, where it can be 0, 1 or 2`);
  const texts = {
    ...{ level: number as 0 | 1 | 2, bootloader, place, application: application || undefined },
    options: options!.split(' ').filter((one) => one !== ''),
  };
  return { name, board: soldBoard(findChipNamed(chip), texts) };
}

/** Throws `adoption-boards-invalid`, and the faults of files. */
export function readBoards(file: string): NamedBoard[] {
  const lines = readText(file).split(/\r?\n/);
  const rows = lines.flatMap((text, i) => (text.trim() === '' ? [] : [{ text, line: i + 1 }]));
  const damaged = (line: number) => (problem: string) =>
    new Fault('adoption-boards-invalid', { file, line, problem });
  if (rows[0]?.text !== head) throw damaged(1)(`the heading is not ${head}`);
  return rows.slice(1).map(({ text, line }) => {
    try {
      return boardOf(
        text.split(',').map((cell) => cell.trim()),
        damaged(line),
      );
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code === 'adoption-boards-invalid') throw cause;
      throw new Fault('adoption-boards-invalid', { file, line, problem: cause.message }, { cause });
    }
  });
}
