// The boards that firmseal knows, one file each in data/. None of them was ever tried: their sources say
// where each pin and figure comes from.

import { Fault } from '@firmseal/fault';
import nucleoF429zi from '../data/nucleo-f429zi.json' with { type: 'json' };
import nucleoG0b1re from '../data/nucleo-g0b1re.json' with { type: 'json' };
import nucleoH743zi from '../data/nucleo-h743zi.json' with { type: 'json' };
import nucleoL476rg from '../data/nucleo-l476rg.json' with { type: 'json' };
import nucleoU575ziQ from '../data/nucleo-u575zi-q.json' with { type: 'json' };
import stm32f4discovery from '../data/stm32f4discovery.json' with { type: 'json' };
import { type Board, readBoardFile } from './board-file.ts';

const files = [
  nucleoF429zi,
  nucleoH743zi,
  nucleoG0b1re,
  nucleoU575ziQ,
  nucleoL476rg,
  stm32f4discovery,
] as const;

export const boardIds: readonly string[] = files.map(({ id }) => id);

/** Throws `board-unknown` with the list. */
export function findBoard(id: string): Board {
  const found = files.find((one) => one.id === id);
  if (found === undefined) throw new Fault('board-unknown', { board: id, known: boardIds.join(', ') });
  return readBoardFile(JSON.stringify(found), `${id}.json`);
}
