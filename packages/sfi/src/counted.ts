// A chip of ST's installer as a unit of a job of the owner's authority: the unit is taken before a license is
// drawn, and what came of it is told. This station's books hold both until the authority has them.

import type { Bytes } from '@firmseal/bytes';
import type { Ledger, ToldOutcome, UnitBook, UnitRecord } from './books.ts';

interface Counting {
  readonly ledger?: Ledger;
}

/**
 * The record with the chip's unit of this job: from the books, where it has one, so that an authority that is
 * away stops no resume; else from the authority. Throws what the authority refuses.
 */
export async function takeCounted(
  { ledger }: Counting,
  { book, record, certificate }: { book: UnitBook; record: UnitRecord; certificate: Bytes },
): Promise<UnitRecord> {
  if (ledger === undefined || record.counted?.job === ledger.job) return record;
  const counted = { ...record, counted: await ledger.take(certificate) };
  book.keep(counted);
  return counted;
}

/** The record with a statement that waits for the authority, where the chip is counted; not kept yet. */
export async function stated(
  { ledger }: Counting,
  { record, certificate }: { record: UnitRecord; certificate: Bytes },
  told: Omit<ToldOutcome, 'certificate' | 'unit'>,
): Promise<UnitRecord> {
  const { counted: unit, waiting = [] } = record;
  if (ledger === undefined || unit?.job !== ledger.job) return record;
  const statement = await ledger.state({ ...told, certificate, unit });
  return { ...record, waiting: [...waiting, { job: unit.job, statement }] };
}

/** The record without the statements that arrived now; those that did not stay, in their order. */
export async function deliverWaiting(
  { ledger }: Counting,
  book: UnitBook,
  record: UnitRecord,
): Promise<UnitRecord> {
  const { waiting = [], ...rest } = record;
  if (ledger === undefined || waiting.length === 0) return record;
  const own = waiting.filter(({ job }) => job === ledger.job);
  let arrived = 0;
  // One after the other: the newest that arrives is the one that counts.
  for (const { statement } of own) {
    if (!(await ledger.deliver(statement))) break;
    arrived++;
  }
  if (arrived === 0) return record;
  const gone = new Set(own.slice(0, arrived));
  const left = waiting.filter((one) => !gone.has(one));
  const kept: UnitRecord = left.length === 0 ? rest : { ...rest, waiting: left };
  book.keep(kept);
  return kept;
}
