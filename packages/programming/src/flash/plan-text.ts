// A plan in words, for `--dry-run`: what would happen, unit by unit in runs, and the option bytes that
// change, by name.

import { hexAddress } from '@firmseal/chips';
import { optionChangeText } from '../option-text.ts';
import type { FlashPlan, UnitPlan } from './plan.ts';

const actions: Readonly<Record<UnitPlan['action'], string>> = {
  skip: 'hold the image already: left as they are',
  program: 'are erased: programmed',
  'erase-and-program': 'are erased and programmed',
};

const oneAction: Readonly<Record<UnitPlan['action'], string>> = {
  skip: 'holds the image already: left as it is',
  program: 'is erased: programmed',
  'erase-and-program': 'is erased and programmed',
};

/** Units that follow each other and are treated alike. */
function runs(units: readonly UnitPlan[]): UnitPlan[][] {
  const all: UnitPlan[][] = [];
  for (const one of units) {
    const last = all.at(-1)?.at(-1);
    if (last !== undefined && last.unit.index + 1 === one.unit.index && last.action === one.action)
      all.at(-1)!.push(one);
    else all.push([one]);
  }
  return all;
}

function runText(run: readonly UnitPlan[]): string {
  const [first, last] = [run[0]!, run.at(-1)!];
  const end = last.unit.addressStart + last.unit.sizeBytes - 1;
  const range = `${hexAddress(first.unit.addressStart)} to ${hexAddress(end)}`;
  const kibibytes = run.reduce((sum, { unit }) => sum + unit.sizeBytes, 0) / 1024;
  const what = run.length === 1 ? '1 sector' : `${run.length} sectors`;
  const text = `${range}: ${what} (${kibibytes} KiB) ${run.length === 1 ? oneAction[first.action] : actions[first.action]}`;
  return run.some(({ losesRest }) => losesRest) ? `${text}; what they hold besides is lost` : text;
}

/** Lines without indentation; none when there is nothing to do. */
export function planTexts({ chip, units, options, permanent, unprotect, start }: FlashPlan): string[] {
  const lines: string[] = [];
  if (unprotect) lines.push('the readout level falls to 0, which erases the whole flash');
  lines.push(...runs(units).map(runText));
  for (const change of options.changes) lines.push(`option byte ${optionChangeText(chip, change)}`);
  for (const { change, because } of permanent) lines.push(`PERMANENT: ${change.field}: ${because}`);
  if (start !== undefined) lines.push(`the program at ${hexAddress(start)} is started`);
  return lines;
}
