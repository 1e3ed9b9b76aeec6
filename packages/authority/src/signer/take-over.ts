// What an authority counted before its signer had a table: every job with its chips is taken over once, so
// that a quota that was begun is not given again.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { readLicenseBundle, readLicenseTermsUnverified } from '@firmseal/license';
import type { JobRecord, LicenseRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { pinnedJobOf } from './job-terms.ts';
import type { KnownUnit, SignerTable } from './signer-table.ts';

type Source = Pick<Store, 'listJobs' | 'listUnits' | 'listLicenses' | 'findJobEnd' | 'listStops'>;

const pageRows = 100;

function ceilingOf({ mode, bundle }: LicenseRecord): number {
  if (mode === 'station') return 0;
  return readLicenseTermsUnverified(readLicenseBundle(bundle).license).ceiling;
}

async function unitsOf(store: Source, jobId: Bytes): Promise<KnownUnit[]> {
  const found: KnownUnit[] = [];
  for (let from = 0; ; ) {
    const units = await store.listUnits(jobId, { from, limit: pageRows });
    const last = units.at(-1);
    if (last === undefined) return found;
    const range = { jobId, first: units[0]!.unitIndex, last: last.unitIndex };
    const licenses = Map.groupBy(await store.listLicenses(range), ({ unitIndex }) => unitIndex);
    for (const { thumbprint, unitIndex, voided } of units) {
      const own = licenses.get(unitIndex) ?? [];
      const ceiling = own.reduce((most, one) => Math.max(most, ceilingOf(one)), 0);
      found.push({ thumbprint, unitIndex, isVoided: voided !== undefined, licenses: own.length, ceiling });
    }
    from = last.unitIndex + 1;
  }
}

/** Does nothing where it was done before. Returns how many jobs were taken over. */
export async function takeOver(
  { crypto, nowMs }: { crypto: Pick<Crypto, 'sha256'>; nowMs: () => number },
  store: Source,
  table: SignerTable,
): Promise<number> {
  if (!(await table.isNew())) return 0;
  const jobs = new Map<string, JobRecord>();
  for (let from = 0; ; from += pageRows) {
    const page = await store.listJobs({ from, limit: pageRows });
    for (const job of page) jobs.set(toHex(job.jobId), job);
    if (page.length < pageRows) break;
  }
  for (let from = 0; ; from += pageRows) {
    const stops = await store.listStops({ from, limit: pageRows });
    for (const stop of stops) await table.setStop(stop);
    if (stops.length < pageRows) break;
  }
  for (const job of jobs.values()) {
    const end = (await store.findJobEnd(job.jobId))?.end;
    await table.takeOver({ ...pinnedJobOf(crypto, job), end }, await unitsOf(store, job.jobId), nowMs());
  }
  await table.markTakenOver();
  return jobs.size;
}
