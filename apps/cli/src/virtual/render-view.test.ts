// The live view: what is on its lines, and that it never leaves the terminal.

import { describe, expect, test } from 'vitest';
import { Board } from './board.ts';
import { type ChipView, viewOf } from './chip-view.ts';
import { renderView, shrinkMap } from './render-view.ts';

const board = (id: string, number = 1) =>
  new Board({ chip: id, number, seed: 'view' }, { event: () => {}, operation: () => {} });

const view: ChipView = {
  ...{ number: 1, chip: 'stm32f427', uniqueId: '00', powered: true, readoutLevel: 1, runs: 'agent' },
  ...{ boot0High: true, operations: 12, cut: { operation: 20, moment: 'torn' }, simulatedMs: 2500 },
  map: ['##..........', 'o@!.........'],
};

test('a chip is two lines of facts and map', () => {
  expect(renderView([view], 'cut 1', { columns: 120, rows: 24 })).toEqual([
    'chip 1  stm32f427  on, runs agent, readout level 1, BOOT0 high, 12 operations, cut torn at 20, 2.5 s',
    '    bank 1 ##..........  bank 2 o@!.........',
    '. erased  # programmed  o erased, write-protected  @ programmed, write-protected  ! faults',
    '> cut 1_',
  ]);
});

describe('a map that is too long is shrunk', () => {
  test.each([
    ['####....', 4, '##..'],
    ['#...#.!.', 4, '+.+!'],
    ['...', 10, '...'],
  ])('%s to %d', (map, columns, expected) => expect(shrinkMap(map, columns)).toBe(expected));
});

test.each([
  [1, 80, 24],
  [4, 40, 10],
  [30, 60, 20],
  [200, 200, 50],
  [3, 20, 4],
])('%d chips on %d columns and %d rows', (count, columns, rows) => {
  const views = Array.from({ length: count }, (_, i) => ({ ...view, number: i + 1 }));
  const lines = renderView(views, 'x'.repeat(300), { columns, rows });
  expect(lines.length).toBeLessThan(rows);
  for (const line of lines) expect(line.length).toBeLessThan(Math.max(21, columns));
  expect(lines.at(-1)).toMatch(/^> x.*_$/);
});

test('the map shows content and protection of a real chip', () => {
  const one = board('stm32g0b1');
  const { chip } = one;
  const [first, second] = chip.chip.flash.eraseUnits;
  expect(viewOf(one).map).toEqual(['.'.repeat(128), '.'.repeat(128)]);
  chip.powerOn();
  chip.debug.connect();
  chip.debug.programFlash(first!.addressStart, new Uint8Array(8));
  chip.debug.programFlash(second!.addressStart, new Uint8Array(8));
  expect(viewOf(one).map[0]).toMatch(/^##\.+$/);
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
  chip.debug.programFlash(second!.addressStart + 8, new Uint8Array(8));
  expect(viewOf(one)).toMatchObject({ powered: false, operations: 3 });
  expect(viewOf(one).map[0]).toMatch(/^#!\.+$/);
});
