// The grammar of controls, and what each does to a chip.

import { Fault } from '@firmseal/fault';
import { describe, expect, test } from 'vitest';
import { Board } from './board.ts';
import { applyControl, boardsOf, parseControl, parsePlan } from './controls.ts';

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'none';
};

const makeBoard = (number = 1) =>
  new Board({ chip: 'stm32f427', number, seed: 'controls' }, { event: () => {}, operation: () => {} });

type Doing = Parameters<typeof applyControl>[1];
const doing = (text: string) => parseControl(text) as Doing;

describe('a control', () => {
  test.each([
    ['power on 1', { kind: 'power', on: true, chip: 1 }],
    ['power  off all', { kind: 'power', on: false, chip: 'all' }],
    ['reset 2', { kind: 'reset', chip: 2 }],
    ['boot0 high 1', { kind: 'boot0', high: true, chip: 1 }],
    ['agent low 1', { kind: 'agent', high: false, chip: 1 }],
    ['cut 3 at 120', { kind: 'cut', chip: 3, operation: 120, relative: false, moment: 'torn' }],
    ['cut all at +1 before', { kind: 'cut', chip: 'all', operation: 1, relative: true, moment: 'before' }],
    [' state 1 ', { kind: 'state', chip: 1 }],
    ['help', { kind: 'help' }],
    ['quit', { kind: 'quit' }],
  ])('%s', (text, expected) => expect(parseControl(text)).toEqual(expected));

  test.each(['', 'power 1', 'power up 1', 'cut 1 at x', 'cut 1 at 5 later', 'reset', 'reset -1', 'boot0 1'])(
    '%j is refused',
    (text) => expect(codeOf(() => parseControl(text))).toBe('control-invalid'),
  );

  test('a plan is a control a line, with comments', () =>
    expect(parsePlan('# both\nboot0 high all\n\ncut 2 at 7 after # late\n')).toHaveLength(2));
});

describe('on a board', () => {
  test('power, boot pin and reset', () => {
    const board = makeBoard();
    applyControl(board, doing('power on 1'));
    expect([board.chip.powered, board.runs]).toEqual([true, 'nothing']);
    applyControl(board, doing('boot0 high 1'));
    expect(board.runs).toBe('nothing');
    applyControl(board, doing('reset 1'));
    expect([board.boot0High, board.runs]).toEqual([true, 'ROM bootloader']);
    applyControl(board, doing('power off 1'));
    expect([board.chip.powered, board.runs]).toEqual([false, 'nothing']);
  });

  test('cuts are planned beside each other, and hit', () => {
    const board = makeBoard();
    const { chip } = board;
    applyControl(board, doing('power on 1'));
    applyControl(board, doing('cut 1 at 9 after'));
    applyControl(board, doing('cut 1 at +1 before'));
    applyControl(board, doing('cut 1 at 1 torn'));
    expect(chip.power.pending).toEqual([
      { operation: 1, moment: 'torn' },
      { operation: 9, moment: 'after' },
    ]);
    chip.debug.connect();
    expect(chip.debug.eraseUnit(0x08000000)).toBe('no-power');
    expect(chip.power.fired).toEqual([{ operation: 1, moment: 'torn' }]);
    expect(codeOf(() => applyControl(board, doing('cut 1 at 1')))).toBe('operation-passed');
  });

  test('a chip is named by its number', () => {
    const boards = [makeBoard(1), makeBoard(2)];
    expect(boardsOf(boards, 2)).toEqual([boards[1]]);
    expect(boardsOf(boards, 'all')).toBe(boards);
    expect(codeOf(() => boardsOf(boards, 3))).toBe('virtual-chip-unknown');
  });
});
