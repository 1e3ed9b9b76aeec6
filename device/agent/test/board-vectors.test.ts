// The board blocks of vectors/board/read.json, read by the agent's C: it says in its info which fault it met.
// A block that is right for another agent may name a UART or a port that this one does not drive.

import { readFileSync } from 'node:fs';
import { type BoardSettings, boardPart } from '@firmseal/boards';
import { fromHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import faultNumbers from './fault-numbers.ts';
import { blankLine } from './line.ts';

interface Case {
  readonly name: string;
  readonly chip: string;
  readonly block: string;
  readonly settings?: BoardSettings;
  readonly fault?: string;
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/board/read.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

/** What the agent of that chip is to say of these settings. */
function faultOf({ chip, settings, fault }: Case): string | undefined {
  if (settings === undefined) return fault;
  try {
    boardPart(settings, findChip(chip));
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Flash has 64 bytes there, whatever they are. */
const whole = cases.filter(({ block, chip }) => block.length === 2 * findChip(chip).layout.board.length);

test.each(whole)('$name', async (one) => {
  const { addressStart, length } = findChip(one.chip).layout.board;
  const line = await blankLine(one.chip, 'board');
  line.chip.powerOff();
  line.chip.powerOn();
  line.chip.debug.connect();
  const block = new Uint8Array(length).fill(0xff);
  block.set(fromHex(one.block).subarray(0, length));
  expect(line.chip.debug.programFlash(addressStart, block)).toBe('ok');
  const number = line.info().get(9) as number;
  expect(number === 0 ? undefined : faultNumbers(number)).toBe(faultOf(one));
});
