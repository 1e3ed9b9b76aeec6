// README.md's example.

import { findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { decodeBoardBlock, encodeBoardBlock, findBoard } from './index.ts';

test('the example', () => {
  const { chip, settings } = findBoard('nucleo-h743zi');
  const block = encodeBoardBlock(settings, findChip(chip));
  expect([block.length, decodeBoardBlock(block, findChip(chip)).uart?.tx.pin]).toEqual([64, 'PD8']);
});
