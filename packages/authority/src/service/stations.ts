// Units for chips without agent, for which a station asks (spec/station.md): in the same order as licenses of
// chips (licensing.ts), so that nothing is spent on what will be refused. The chip is known by what the
// station says of it, so what is promised here is the count, and no more.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { chipIds, findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { decodeHeader, verifyHeader } from '@firmseal/seal';
import {
  checkForStation,
  checkOutcome,
  checkStationDate,
  readOutcomeUnverified,
  requireListedStation,
  type StationPurpose,
  type StationResult,
  type VerifiedOutcome,
  type VerifiedRequest,
  type VerifiedStation,
  verifyOutcome,
  verifyStation,
  verifyStationLicense,
  verifyStationRequest,
} from '@firmseal/station';
import type { Ask } from '../signer/issuing-signer.ts';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord, LicenseRecord, PackageRecord } from '../store/records.ts';
import { raiseAlarm } from './alarms.ts';
import { requireOrdered } from './approvals.ts';
import {
  type Authority,
  type ProductTrust,
  requireApproved,
  requireCurrent,
  requireProduct,
} from './authority.ts';
import { requireChallenge } from './challenges.ts';
import { findSealedData } from './device-data.ts';
import { requireJob, verifyLicensable } from './jobs.ts';
import { type IssuedLicense, refuseEndless } from './licensing.ts';
import { askCounted } from './signer-voids.ts';
import { requireNotStopped, stopsOfStation } from './stops.ts';

export interface StationAsk {
  readonly jobId: Bytes;
  /** As the station signed it. */
  readonly request: Bytes;
  /** Of the station, by the root. */
  readonly delegation: Bytes;
  /** That the request answers, given for this job. */
  readonly challenge: Bytes;
}

interface Admitted {
  readonly job: JobRecord;
  readonly trust: ProductTrust;
  readonly station: VerifiedStation;
  readonly request: VerifiedRequest;
}

export const takesUnproven = ({ mode, accepts }: Pick<JobRecord, 'mode' | 'accepts'>): boolean =>
  mode === 'station' || accepts.includes('DONE-UNPROVEN');

/** Job, station and request: all that needs neither a unit nor a package. */
async function admit(authority: Authority, ask: StationAsk, purpose: StationPurpose): Promise<Admitted> {
  const { crypto, clock } = authority;
  const { jobId, challenge } = ask;
  const job = await requireJob(authority, jobId);
  requireApproved(job, toHex(jobId));
  requireCurrent(authority, job);
  if (purpose === 'license' && job.mode !== 'station')
    throw new Fault('job-mode-wrong', { job: toHex(jobId), mode: job.mode, asked: 'station' });
  if (!takesUnproven(job)) throw new Fault('job-takes-no-unproven', { job: toHex(jobId) });
  const trust = requireProduct(authority, job.product);
  const { rootPublicKey, product, epoch } = trust;
  const station = verifyStation(crypto, ask.delegation, { rootPublicKey, product, epoch });
  checkStationDate(station, clock.nowMs());
  requireListedStation(job, station.name);
  const request = verifyStationRequest(crypto, ask.request, { station, jobId, purpose, challenge });
  await requireNotStopped(authority, [
    { kind: 'product', name: job.product },
    ...stopsOfStation(station.name),
    { kind: 'device', name: toHex(request.holder) },
  ]);
  // What ST's installer writes need not be in the catalogue.
  if (purpose === 'license' && !chipIds().includes(request.chipId))
    throw new Fault('station-request-wrong', { what: 'chip' });
  return { job, trust, station, request };
}

/** The chip's unit, with the request that asked for it on record. */
async function takeUnit(
  authority: Authority,
  ask: StationAsk,
  { job, station, request }: Admitted,
): Promise<{ unitIndex: number; taken: boolean }> {
  const { jobId, delegation } = ask;
  const { holder: thumbprint, digest: requestDigest } = request;
  const atMs = authority.clock.nowMs();
  const unit = await authority.store.takeUnit({
    ...{ jobId, thumbprint, atMs },
    event: (unitIndex, kind) => ({
      ...{ timeMs: atMs, kind },
      fields: { job: jobId, thumbprint, unit: unitIndex },
    }),
    station: {
      ...{ requestDigest, request: ask.request, delegation },
      event: (unitIndex) => ({
        timeMs: atMs,
        kind: 'station-admitted',
        fields: { job: jobId, unit: unitIndex, request: requestDigest, station: station.digest },
      }),
    },
  });
  if (unit) return unit;
  requireApproved(await requireJob(authority, jobId), toHex(jobId));
  throw new Fault('quota-exhausted', { job: toHex(jobId), quota: job.quota });
}

async function choosePackage(authority: Authority, { request, job }: Admitted): Promise<PackageRecord> {
  const packages = await authority.store.listPackages(job.jobId);
  const item = packages.find(
    ({ approved, manifestDigest }) => approved && equalBytes(manifestDigest, request.manifestDigest!),
  );
  if (item) return item;
  throw new Fault('job-package-unknown', {
    job: toHex(job.jobId),
    digest: toHex(request.manifestDigest!),
  });
}

/** For the signer to verify. */
const askOf = ({ request, delegation, challenge }: StationAsk): Ask => ({
  ...{ kind: 'station', request, delegation, challenge },
});

/**
 * A license to a station, or the one that this request got before. Throws the faults of job, station,
 * request, package and chip with no unit taken: `job-mode-wrong`, `station-*`, `delegation-*`,
 * `challenge-unknown`, `quota-exhausted`, `licenses-too-many`.
 */
export async function licenseStation(authority: Authority, ask: StationAsk): Promise<IssuedLicense> {
  const { crypto, store, clock } = authority;
  const { jobId, challenge } = ask;
  const admitted = await admit(authority, ask, 'license');
  const { request, trust } = admitted;
  const item = await choosePackage(authority, admitted);
  await requireOrdered(authority, admitted.job, item.manifestDigest);
  const manifest = verifyLicensable(authority, trust, { header: item.header });
  checkForStation(manifest, findChip(request.chipId));
  const requestId = toHex(request.digest);
  const issued = await store.findLicenseByRequest(jobId, requestId);
  if (issued) return { ...issued, newUnit: false };
  await requireChallenge(authority, { challenge, jobId, purpose: 'hello' });

  const { unitIndex, taken } = await takeUnit(authority, ask, admitted);
  await refuseEndless(authority, jobId, unitIndex);
  const { job } = admitted;
  const { header, contentKeyFile } = item;
  const { licenseId, bundle } = await askCounted(authority, job, async (approvals) =>
    authority.signer.issue({
      ...{ job: termsOf(job), approvals, header, contentKeyFile, unitIndex, ask: askOf(ask) },
      sealedData: await findSealedData(authority, job, unitIndex),
    }),
  );
  const { product, rootPublicKey, epoch } = trust;
  const { digest } = verifyStationLicense(crypto, { bundle, rootPublicKey, product, epoch });
  const issuedAtMs = clock.nowMs();
  const { holder: thumbprint, nonce } = request;
  const kept = await store.insertLicense(
    {
      ...{ licenseId, jobId, thumbprint, unitIndex, manifestDigest: manifest.digest, nonce, requestId },
      ...{ mode: 'station', licenseDigest: digest, bundle, issuedAtMs },
    },
    {
      timeMs: issuedAtMs,
      kind: 'license-issued',
      fields: {
        ...{ job: jobId, license: licenseId, digest, thumbprint, unit: unitIndex },
        ...{ manifest: manifest.digest, station: admitted.station.name },
      },
    },
  );
  if (!kept) throw new Fault('job-closed', { job: toHex(jobId) });
  return { ...kept.license, newUnit: taken };
}

/** A unit for a chip that ST's installer writes; no license of ours. Throws as licenseStation. */
export async function takeStationUnit(
  authority: Authority,
  ask: StationAsk,
): Promise<{ unitIndex: number; newUnit: boolean }> {
  const { jobId, challenge } = ask;
  const admitted = await admit(authority, ask, 'unit');
  await requireOrdered(authority, admitted.job);
  const held = await authority.store.findUnit(jobId, admitted.request.holder);
  const range = held && { jobId, first: held.unitIndex, last: held.unitIndex };
  const before = range ? await authority.store.listStationRequests(range) : [];
  const isKnown = before.some(({ requestDigest }) => equalBytes(requestDigest, admitted.request.digest));
  if (!isKnown) await requireChallenge(authority, { challenge, jobId, purpose: 'hello' });
  const { unitIndex, taken } = await takeUnit(authority, ask, admitted);
  const { job } = admitted;
  await askCounted(authority, job, (approvals) =>
    authority.signer.countUnit({ job: termsOf(job), approvals, unitIndex, ask: askOf(ask) }),
  );
  return { unitIndex, newUnit: taken };
}

/** The license that the statement is about; its unit is checked by the caller. */
async function licenseOf(
  authority: Authority,
  statement: VerifiedOutcome,
): Promise<LicenseRecord | undefined> {
  const { jobId, unitIndex, licenseDigest } = statement;
  const all = await authority.store.listLicenses({ jobId, first: unitIndex, last: unitIndex });
  return all.find((one) => equalBytes(one.licenseDigest, licenseDigest ?? new Uint8Array(0)));
}

/**
 * What the statement says fits what was given: to this station, for this chip, under this unit. Returns the
 * id of the license, zeros where ST's installer had its own. Throws `outcome-unit-unknown`, `outcome-wrong`.
 */
async function checkGiven(
  authority: Authority,
  {
    trust,
    station,
    statement,
  }: { trust: ProductTrust; station: VerifiedStation; statement: VerifiedOutcome },
): Promise<Bytes> {
  const { crypto, store } = authority;
  const { rootPublicKey, product } = trust;
  const { jobId, unitIndex, holder, method } = statement;
  const unknown = new Fault('outcome-unit-unknown', { unit: unitIndex, job: toHex(jobId) });
  const unit = await store.findUnit(jobId, holder);
  if (unit?.unitIndex !== unitIndex) throw unknown;
  const rows = await store.listStationRequests({ jobId, first: unitIndex, last: unitIndex });
  const requests = rows
    .filter(({ delegation }) => {
      const one = verifyStation(crypto, delegation, { rootPublicKey, product });
      return equalBytes(one.digest, station.digest);
    })
    .map(({ request }) => verifyStationRequest(crypto, request, { station, jobId }));
  const own = requests.filter(({ chipId }) => chipId === statement.chipId);
  if (method === 'vendor-installer') {
    if (!own.some(({ purpose }) => purpose === 'unit')) throw unknown;
    return new Uint8Array(16);
  }
  const license = await licenseOf(authority, statement);
  if (!license) throw new Fault('outcome-wrong', { what: 'license' });
  const { terms, digest } = verifyStationLicense(crypto, {
    ...{ bundle: license.bundle, rootPublicKey, product, epoch: 0 },
  });
  if (!own.some((one) => equalBytes(one.digest, terms.requestDigest)))
    throw new Fault('outcome-wrong', { what: 'station' });
  const packages = await store.listPackages(jobId);
  const item = packages.find((one) => equalBytes(one.manifestDigest, license.manifestDigest))!;
  const { manifest } = verifyHeader(crypto, decodeHeader(item.header), { rootPublicKey, product });
  const { outcomeNonce, deviceDataDigests } = terms;
  checkOutcome(statement, { manifest, license: { digest, outcomeNonce, deviceDataDigests } });
  return license.licenseId;
}

/**
 * Keeps what a station says of a unit; the same again changes nothing. It may come late: after the job was
 * closed, and after the station's delegation ended. Throws `job-unknown`,
 * `outcome-*`, `station-delegation-*`.
 */
export async function storeOutcome(
  authority: Authority,
  delivery: { jobId: Bytes; statement: Bytes; delegation: Bytes },
): Promise<{ result: StationResult; stored: boolean }> {
  const { crypto, store, clock } = authority;
  const { jobId, delegation } = delivery;
  const job = await requireJob(authority, jobId);
  const trust = requireProduct(authority, job.product);
  const { rootPublicKey, product } = trust;
  const station = verifyStation(crypto, delegation, { rootPublicKey, product });
  if (!equalBytes(readOutcomeUnverified(delivery.statement).jobId, jobId))
    throw new Fault('outcome-wrong', { what: 'job' });
  const statement = verifyOutcome(crypto, delivery.statement, station);
  const { result, digest, unitIndex, holder } = statement;
  if (await store.findOutcome(digest)) return { result, stored: false };
  const licenseId = await checkGiven(authority, { trust, station, statement });
  const storedAtMs = clock.nowMs();
  const stored = await store.insertOutcome(
    {
      ...{ outcomeDigest: digest, jobId, unitIndex, statement: delivery.statement, delegation },
      ...{ result, storedAtMs },
    },
    {
      timeMs: storedAtMs,
      kind: 'outcome-stored',
      fields: { job: jobId, unit: unitIndex, outcome: digest, result },
    },
  );
  const unit = await store.findUnit(jobId, holder);
  if (unit?.voided && result === 'DONE-UNPROVEN') {
    const reason = 'outcome-for-voided-unit';
    await raiseAlarm(authority, {
      ...{ reason, jobId, licenseId, thumbprint: holder, receiptDigest: digest },
    });
  }
  return { result, stored };
}
