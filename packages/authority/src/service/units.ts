// Units as their owner sees them: what was installed where, and the void of a unit
// whose chip was never installed.

import type { JobView, UnitView } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { chipIdOfCertificate } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { parseReceiptUnverified } from '@firmseal/license';
import { readSbomDigestUnverified } from '@firmseal/seal';
import {
  readOutcomeUnverified,
  readStationDelegationUnverified,
  readStationRequestUnverified,
} from '@firmseal/station';
import type {
  LicenseRecord,
  OutcomeRecord,
  PackageRecord,
  ReceiptRecord,
  StationRequestRecord,
  UnitRecord,
} from '../store/records.ts';
import type { Page } from '../store/store.ts';
import { requireSigned } from './approvals.ts';
import type { Authority } from './authority.ts';
import { requireJob, showJob } from './jobs.ts';
import { tellVoid } from './signer-voids.ts';

interface UnitRows {
  readonly unit: UnitRecord;
  readonly licenses: readonly LicenseRecord[];
  /** In the order of arrival. */
  readonly receipts: readonly ReceiptRecord[];
  readonly requests: readonly StationRequestRecord[];
  readonly outcomes: readonly OutcomeRecord[];
  readonly packages: readonly PackageRecord[];
}

/** As the header says, which was verified when it came in. */
export function sbomOf(
  crypto: Crypto,
  item: Pick<PackageRecord, 'header'> | undefined,
): { sbomDigest?: Bytes } {
  const sbomDigest = item && readSbomDigestUnverified(crypto, item.header);
  return sbomDigest === undefined ? {} : { sbomDigest };
}

/** What the newest receipt proves; it was verified when it came in. */
function installOf(crypto: Crypto, { receipts, packages }: UnitRows): UnitView['install'] {
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
    ...{ readoutLevel, origin, outcome, installCount, ...sbomOf(crypto, item) },
  };
}

/** What the newest statement says; it was verified when it came in. */
function statedOf(crypto: Crypto, { outcomes, packages }: UnitRows): UnitView['stated'] {
  const newest = outcomes.at(-1);
  if (newest === undefined) return undefined;
  const { method, result, cause, contentDigest, protection } = readOutcomeUnverified(newest.statement);
  const { name } = readStationDelegationUnverified(crypto, newest.delegation);
  const digest = toHex(contentDigest);
  const item = packages.find((one) => toHex(one.manifestDigest) === digest);
  const { outcomeDigest, storedAtMs } = newest;
  return {
    ...{ result, station: name, method, contentDigest, outcomeDigest, storedAtMs },
    ...(cause === undefined ? {} : { cause }),
    ...(item ? { firmwareVersion: item.firmwareVersion, ...sbomOf(crypto, item) } : {}),
    ...(protection ? { access: protection.access } : {}),
    ...(protection?.readoutLevel === undefined ? {} : { readoutLevel: protection.readoutLevel }),
  };
}

/** As its certificate says, or a station. */
function chipOf(crypto: Crypto, { unit, requests }: UnitRows): string {
  const { certificate } = unit;
  if (certificate) return chipIdOfCertificate(certificate);
  const [first] = requests;
  return first ? readStationRequestUnverified(crypto, first.request).chipId : '';
}

function viewUnit(crypto: Crypto, rows: UnitRows): UnitView {
  const { unitIndex, thumbprint, takenAtMs, voided } = rows.unit;
  const [install, stated] = [installOf(crypto, rows), statedOf(crypto, rows)];
  return {
    ...{ unitIndex, thumbprint, chip: chipOf(crypto, rows), takenAtMs },
    licenses: rows.licenses.length,
    ...(install ? { install } : {}),
    ...(stated ? { stated } : {}),
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
  const ofUnit = ({ unitIndex }: { unitIndex: number }) => unitIndex;
  const requests = Map.groupBy(await store.listStationRequests(range), ofUnit);
  const outcomes = Map.groupBy(await store.listOutcomes(range), ofUnit);
  return units.map((unit) =>
    viewUnit(authority.crypto, {
      ...{ unit, packages },
      licenses: licenses.get(unit.unitIndex) ?? [],
      receipts: receipts.get(unit.unitIndex) ?? [],
      requests: requests.get(unit.unitIndex) ?? [],
      outcomes: outcomes.get(unit.unitIndex) ?? [],
    }),
  );
}

const ignoreAway = (fault: unknown): void => {
  if (!(fault instanceof Fault && fault.code === 'authority-signer-away')) throw fault;
};

/**
 * Voids a unit, so that another chip can take its place. Throws `job-unknown` and
 * `unit-not-voidable`: there is no such unit, it was voided before, its chip was proven to be
 * installed, a station says that it wrote it, or per-device data belongs to it. Where the root asks for
 * approvals, as requireSigned.
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
  const [held] = await store.listUnits(jobId, { from: unitIndex, limit: 1 });
  if (held?.unitIndex !== unitIndex) throw refuse('no chip has taken it');
  const { thumbprint } = held;
  await requireSigned(authority, job, { kind: 'void', unitIndex, thumbprint, reason });
  const atMs = clock.nowMs();
  const fields = { job: jobId, unit: unitIndex, reason, by };
  const event = { timeMs: atMs, kind: 'unit-voided', fields } as const;
  if (await store.voidUnit({ jobId, unitIndex, reason, atMs }, event)) {
    // A signer that is away is told when its quota is full (signer-voids.ts).
    await tellVoid(authority, job, { unitIndex, thumbprint, reason }).catch(ignoreAway);
    return showJob(authority, jobId);
  }
  const [unit] = await store.listUnits(jobId, { from: unitIndex, limit: 1 });
  if (unit?.voided) throw refuse('it was voided before');
  const range = { jobId, first: unitIndex, last: unitIndex };
  const isProven = (await store.listReceipts(range)).length > 0;
  throw refuse(isProven ? 'its chip was proven to be installed' : 'a station says that it wrote its chip');
}
