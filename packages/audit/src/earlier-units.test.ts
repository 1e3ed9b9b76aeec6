// Units of an earlier run are counted as their rows were, and those of which the log says too little are not
// counted but visited again.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { EarlierUnits, type UnitScope } from './earlier-units.ts';
import { hashSeed, hashSeedSizeBytes } from './keyed-rows.ts';
import { LoggedJob } from './logged-job.ts';

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

/** A unit for each outcome, with a license and a receipt; one more with neither. */
function jobOf(accepts: string, outcomes: readonly string[]): LoggedJob {
  const job = new LoggedJob(hashSeed(crypto.randomBytes(hashSeedSizeBytes)), {
    ...{ product: 'pump', quota: 100, mode: 'session', accepts, until: undefined, ledger: undefined },
    stations: undefined,
  });
  const at = { sequence: 1, timeMs: 1, restored: -1 };
  for (const [unit, word] of outcomes.entries()) {
    job.units.add(bytes(32, unit));
    job.licenses.add(bytes(16, unit), { digest: bytes(32, 1), manifest: bytes(32, 2), unit, ...at });
    job.receipts.add(bytes(32, unit), { about: unit, word, timeMs: 2 });
  }
  job.units.add(bytes(32, 99));
  return job;
}

it.each([
  ['', ['PASS', 'UNPROTECTED', 'ENROLLED'], [true, true, true, true]],
  ['UNPROTECTED ENROLLED', ['PASS', 'UNPROTECTED', 'ENROLLED'], [true, false, true, true]],
  ['UNPROTECTED', ['REHEARSAL', 'UNPROTECTED', 'UNWITNESSED'], [true, false, true, true]],
])('of an owner who takes "%s", the log says enough of %j: %j', (accepts, outcomes, decided) => {
  const units = new EarlierUnits(jobOf(accepts, outcomes));
  expect([0, 1, 2, 3].map((unit) => units.isDecided(unit))).toEqual(decided);
});

it('counts units that are earlier, each by its newest receipt, and no others', () => {
  const job = jobOf('ENROLLED', ['PASS', 'ENROLLED', 'UNPROTECTED', 'PASS']);
  job.receipts.add(bytes(32, 50), { about: 2, word: 'PASS', timeMs: 3 });
  job.receipts.add(bytes(32, 51), { about: 0, word: 'UNPROTECTED', timeMs: 3 });
  job.voided.add(1);
  const scopeOf = (unit: number): UnitScope => (unit === 3 ? 'now' : 'earlier');
  expect(new EarlierUnits(job).count(scopeOf, true)).toEqual({
    ...{ units: 3, voided: 1, licenses: 3, receipts: 5, installed: 2, stated: {} },
    ...{ unitsWithoutLicense: 1, unitsWithoutReceipt: 2 },
    outcomes: { PASS: 2, ENROLLED: 1, UNPROTECTED: 2 },
  });
  expect(new EarlierUnits(job).count(scopeOf, false)).toMatchObject({
    ...{ installed: 0, unitsWithoutReceipt: 2 },
  });
});
