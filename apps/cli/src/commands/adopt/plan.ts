// `firmseal adopt plan`: whether boards that are in use can be taken over by an update. Nothing is written.

import { Command, Option } from '@commander-js/extra-typings';
import { findChipNamed } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { planAdoption } from '@firmseal/personalization';
import { applicationOption, bootloaderOption, placeOption, soldBoard } from '../../adoption/board-options.ts';
import { type NamedBoard, readBoards } from '../../adoption/boards-file.ts';
import { contentFor } from '../../adoption/content.ts';
import { planData, planLines } from '../../adoption/plan-view.ts';
import { collect, examples, level } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

interface Given {
  readonly chip?: string | undefined;
  readonly level: 0 | 1 | 2;
  readonly bootloader?: string | undefined;
  readonly place?: string | undefined;
  readonly application?: string | undefined;
  readonly option?: readonly string[] | undefined;
  readonly boards?: string | undefined;
}

/** Throws the faults of ranges and lists, and `option-missing`. */
function boardsOf(given: Given): NamedBoard[] {
  if (given.boards !== undefined) return readBoards(given.boards);
  const { chip, bootloader, place, application, option = [] } = given;
  if (chip === undefined || bootloader === undefined || place === undefined)
    throw new Fault('adoption-option-missing');
  const texts = { level: given.level, bootloader, place, application, options: option };
  const found = findChipNamed(chip);
  return [{ name: found.id, board: soldBoard(found, texts) }];
}

export const command = (shell: Shell) =>
  new Command()
    .option(
      '--boards <file>',
      'a list of boards, one a row: board,chip,level,bootloader,place,application,options',
    )
    .addOption(new Option('--chip <name>', 'kind of chip of one board'))
    .option('--level <level>', 'readout level of the board as it was sold', level, 0 as 0 | 1 | 2)
    .addOption(bootloaderOption())
    .addOption(placeOption())
    .addOption(applicationOption())
    .option('--option <field=value>', 'an option byte that is not as on a blank part (repeat)', collect)
    .addHelpText(
      'after',
      examples(
        'adopt plan --chip stm32h743 --bootloader 0x08000000..0x0801FFFF --place 0x08020000..0x0803FFFF',
        'adopt plan --boards sold.csv --json',
      ),
    )
    .action(
      runs(shell, async (face, given) => {
        const boards = boardsOf(given);
        let cannot = 0;
        for (const { name, board } of boards) {
          const plan = planAdoption(board, contentFor(board.chip, undefined, false));
          if (!plan.possible) cannot++;
          face.tell(
            { event: 'adoption-plan', board: name, chip: board.chip.id, ...planData(plan) },
            `${name}: ${plan.possible ? 'an update can take it over' : 'must come back'}`,
            ...planLines(board.chip, plan).map((line) => `  ${line}`),
          );
        }
        if (cannot > 0) throw new Fault('adoption-impossible', { cannot, all: boards.length });
      }),
    );
