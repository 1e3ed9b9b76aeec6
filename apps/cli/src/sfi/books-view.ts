// Installs through ST's tools beside a job of the authority: one view, with the outcomes kept apart. What is
// told of these chips is this station's word, whether or not the authority counts them (`--job`).

import type { SfiOutcome } from '@firmseal/sfi';
import type { Face } from '../face.ts';
import { showTime } from '../times.ts';
import { type BookedUnit, readBooks } from './books-folder.ts';

const outcomeOf = ({ attempts }: BookedUnit): SfiOutcome | 'NOT-ENDED' | 'NOT-BEGUN' => {
  const last = attempts.at(-1);
  return last === undefined ? 'NOT-BEGUN' : (last.outcome ?? 'NOT-ENDED');
};

function tellUnit(face: Face, folder: string, unit: BookedUnit): void {
  const last = unit.attempts.at(-1);
  const { license, drawing } = unit;
  const source = license?.source ?? (drawing === undefined ? 'none' : 'asked for, answer unknown');
  face.tell(
    { event: 'sfi-unit', books: folder, ...unit, outcome: outcomeOf(unit) },
    `  chip ${unit.unit}, product id ${unit.productId}: ${outcomeOf(unit)}` +
      `${last === undefined ? '' : `, ${showTime(last.startedAtMs)}, attempt ${unit.attempts.length}`}, license: ${source}`,
  );
}

/**
 * The number of chips of these books that have a license and no unit of the job (its id in hexadecimal).
 * Throws `sfi-books-invalid`.
 */
export function tellBooks(face: Face, folder: string, job: string): number {
  const units = readBooks(folder);
  const counts: Record<string, number> = {};
  for (const unit of units) counts[outcomeOf(unit)] = (counts[outcomeOf(unit)] ?? 0) + 1;
  const licensed = units.filter(
    ({ license, drawing }) => license !== undefined || drawing !== undefined,
  ).length;
  const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  face.tell(
    { event: 'sfi-books', books: folder, licensed, outcomes: counts },
    `books ${folder}, by ST's installer and without proof: licenses ${licensed}${told.length === 0 ? '' : `, ${told.join(', ')}`}`,
  );
  for (const unit of units) tellUnit(face, folder, unit);
  const isCounted = ({ counted }: BookedUnit) => counted?.job === job;
  return units.filter((one) => !isCounted(one) && (one.license ?? one.drawing) !== undefined).length;
}
