// Units as their owner sees them: what was installed where, and the void of a unit
// whose chip was never installed.

import type { JobView, UnitView } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { chipIdOfCertificate } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import { parseReceiptUnverified } from '@firmseal/license';
import type { LicenseRecord, PackageRecord, ReceiptRecord, UnitRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import type { Authority } from './authority.ts';
import { requireJob, showJob } from './jobs.ts';

interface UnitRows {
  readonly unit: UnitRecord;
  readonly licenses: readonly LicenseRecord[];
  /** In the order of arrival. */
  readonly receipts: readonly ReceiptRecord[];
  readonly packages: readonly PackageRecord[];
}

/** What the newest receipt proves; it was verified when it came in. */
function installOf({ receipts, packages }: UnitRows): UnitView['install'] {
  const newest = receipts.at(-1);
  if (newest === undefined) return undefined;
  const claims = parseReceiptUnverified(newest.receipt);
  const { manifestDigest, readoutLevel, origin, installCount } = claims;
  const digest = toHex(manifestDigest);
  const item = packages.find((one) => toHex(one.manifestDigest) === digest);
  const { receiptDigest, storedAtMs, fresh, outcome } = newest;
  const firmwareVersion = item?.firmwareVersion ?? '';
  return {
    ...{ manifestDigest, firmwareVersion, receiptDigest, storedAtMs, fresh },
    ...{ readoutLevel, origin, outcome, installCount },
  };
}

function viewUnit(rows: UnitRows): UnitView {
  const { unitIndex, thumbprint, takenAtMs, certificate, voided } = rows.unit;
  const install = installOf(rows);
  return {
    ...{ unitIndex, thumbprint, chip: chipIdOfCertificate(certificate), takenAtMs },
    licenses: rows.licenses.length,
    ...(install ? { install } : {}),
    ...(voided ? { voided } : {}),
  };
}

/** In ascending index. Throws `job-unknown`. */
export async function listUnits(authority: Authority, jobId: Bytes, page: Page): Promise<UnitView[]> {
  const { store } = authority;
  await requireJob(authority, jobId);
  const units = await store.listUnits(jobId, page);
  const [first, last] = [units[0], units.at(-1)];
  if (!first || !last) return [];
  const range = { jobId, first: first.unitIndex, last: last.unitIndex };
  const packages = await store.listPackages(jobId);
  const licenses = Map.groupBy(await store.listLicenses(range), ({ unitIndex }) => unitIndex);
  const unitOfLicense = new Map([...licenses.values()].flat().map((l) => [toHex(l.licenseId), l.unitIndex]));
  const receipts = Map.groupBy(await store.listReceipts(range), (row) =>
    unitOfLicense.get(toHex(row.licenseId)),
  );
  return units.map((unit) =>
    viewUnit({
      ...{ unit, packages },
      licenses: licenses.get(unit.unitIndex) ?? [],
      receipts: receipts.get(unit.unitIndex) ?? [],
    }),
  );
}

/**
 * Voids a unit, so that another chip can take its place. Throws `job-unknown` and
 * `unit-not-voidable`: there is no such unit, it was voided before, its chip was proven to be
 * installed, or per-device data belongs to it.
 */
export async function voidUnit(
  authority: Authority,
  request: { jobId: Bytes; unitIndex: number; reason: string; by: string },
): Promise<JobView> {
  const { store, clock } = authority;
  const { jobId, unitIndex, reason, by } = request;
  const refuse = (why: string) =>
    new Fault('unit-not-voidable', { job: toHex(jobId), unit: unitIndex, reason: why });
  const job = await requireJob(authority, jobId);
  // A further unit would have no data: the sets belong to the indexes of the quota.
  if (job.deviceDataKey) throw refuse('per-device data belongs to it, which its chip may hold');
  const atMs = clock.nowMs();
  const fields = { job: jobId, unit: unitIndex, reason, by };
  const event = { timeMs: atMs, kind: 'unit-voided', fields } as const;
  if (await store.voidUnit({ jobId, unitIndex, reason, atMs }, event)) return showJob(authority, jobId);
  const [unit] = await store.listUnits(jobId, { from: unitIndex, limit: 1 });
  if (unit?.unitIndex !== unitIndex) throw refuse('no chip has taken it');
  throw refuse(unit.voided ? 'it was voided before' : 'its chip was proven to be installed');
}
