// A license for one chip, in the order that keeps quota and promise: everything that can be refused is
// refused before a unit is taken; the unit is durable before anything is signed; the license is durable
// and logged before it leaves. A kill in between leaves a unit without a license, and the repeat of the
// request gets the license under that unit.

import type { LicenseMode } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { readDeviceUnverified } from '@firmseal/certificate';
import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import {
  type Hello,
  identityWeaknesses,
  judgeWeaknesses,
  type LicenseTerms,
  protectionWeaknesses,
  readHelloUnverified,
  readLicenseBundle,
  readLicenseUnverified,
} from '@firmseal/license';
import { checkForChip, type Manifest } from '@firmseal/seal';
import { requireListedStation } from '@firmseal/station';
import type { Ask } from '../signer/issuing-signer.ts';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord, LicenseRecord, PackageRecord } from '../store/records.ts';
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
import { requireOpenTo } from './rollouts.ts';
import { askCounted } from './signer-voids.ts';
import { requireNotStopped, stopsOfStation } from './stops.ts';

/** More licenses for one unit are the sign of a chip, or of a line, that asks without an end. */
const licensesOfUnitAtMost = 256;

/** Devices in the field get session licenses. */
export const licenseModeOf = ({ mode }: Pick<JobRecord, 'mode'>): LicenseMode =>
  mode === 'update' ? 'session' : mode;

export interface LicenseRequest {
  readonly jobId: Bytes;
  readonly hello: Bytes;
  readonly certificate: Bytes;
  /** The one that the hello answers, given for this job. */
  readonly challenge: Bytes;
  /** Chosen by the line; the same again for a repeat of the same request. */
  readonly requestId: string;
  /** Which package of the job; the newest approved one when left out. */
  readonly manifestDigest?: Bytes | undefined;
  /** Refuses a job that gives licenses of another mode. */
  readonly mode?: Exclude<LicenseMode, 'station'> | undefined;
  /** That the token of the line is bound to. */
  readonly station?: string | undefined;
}

export interface IssuedLicense {
  readonly licenseId: Bytes;
  readonly unitIndex: number;
  readonly bundle: Bytes;
  /** Of its entry in the log. */
  readonly logSequence: number;
  /** True when this request took the unit: quota was spent now. */
  readonly newUnit: boolean;
}

export interface Verified {
  readonly job: JobRecord;
  readonly trust: ProductTrust;
  readonly item: PackageRecord;
  readonly manifest: Manifest;
  readonly device: DevicePublic;
  /** Of it, nonce and count of unwraps decide which license it is and how often it may be used. */
  readonly hello: Hello;
  /** Mode standing alone: the license ends then. */
  readonly notAfterSeconds?: number | undefined;
  /** At which station, as a token or an owner says. */
  readonly station?: string | undefined;
  /** What was signed for it, for the signer to verify. */
  readonly ask: Ask;
}

/** The part of a request that its license is filed under. */
type FiledRequest = Pick<LicenseRequest, 'jobId' | 'certificate' | 'requestId'>;

export async function choosePackage(
  authority: Authority,
  request: Pick<LicenseRequest, 'jobId' | 'manifestDigest'>,
): Promise<PackageRecord> {
  const { jobId, manifestDigest } = request;
  const approved = (await authority.store.listPackages(jobId)).filter((item) => item.approved);
  const item = manifestDigest
    ? approved.find((one) => equalBytes(one.manifestDigest, manifestDigest))
    : approved.at(-1);
  const digest = manifestDigest ? toHex(manifestDigest) : 'none given';
  if (!item) throw new Fault('job-package-unknown', { job: toHex(jobId), digest });
  return item;
}

/** The job takes what this install would be called. Throws `job-outcome-refused`. */
export function checkAccepted(
  job: Pick<JobRecord, 'jobId' | 'accepts'>,
  { device, hello, manifest }: Pick<Verified, 'device' | 'hello' | 'manifest'>,
): void {
  const ofChip = protectionWeaknesses(findChip(device.chipId), manifest, hello);
  const found = [...identityWeaknesses(device), ...ofChip];
  const { outcome, accepted } = judgeWeaknesses(found, job.accepts);
  if (!accepted) throw new Fault('job-outcome-refused', { outcome, job: toHex(job.jobId) });
}

/** Throws `job-mode-wrong`. */
export function requireMode({ jobId, mode }: Pick<JobRecord, 'jobId' | 'mode'>, asked: LicenseMode): void {
  if (licenseModeOf({ mode }) !== asked || asked === 'station')
    throw new Fault('job-mode-wrong', { job: toHex(jobId), mode, asked });
}

/** Device, hello, package and chip: all that needs neither a unit nor a secret. */
async function verifyRequest(authority: Authority, request: LicenseRequest): Promise<Verified> {
  const { crypto } = authority;
  const { jobId, challenge, certificate, station } = request;
  const job = await requireJob(authority, jobId);
  requireApproved(job, toHex(jobId));
  requireCurrent(authority, job);
  requireListedStation(job, station);
  // A job of stations has nothing for a chip that has an agent.
  const mode = licenseModeOf(job);
  const { mode: asked = mode === 'station' ? 'session' : mode } = request;
  if (asked !== mode) throw new Fault('job-mode-wrong', { job: toHex(jobId), mode: job.mode, asked });
  const trust = requireProduct(authority, job.product);
  const { product } = job;
  const chip = { certificate, hello: request.hello, challenge };
  const ask = { kind: 'device', ...chip } as const;
  // The signer verifies them for its own sake, once: what it found is read here.
  await authority.signer.verifyChip({ product, ...chip });
  const device = readDeviceUnverified(crypto, certificate, {
    product,
    now: new Date(authority.clock.nowMs()),
  });
  const hello = readHelloUnverified({ hello: request.hello, device, challenge });
  // It would refuse the package, and its counters say nothing.
  if (hello.lifeCycle === 'recovery-needed') throw new Fault('recovery-needed', { chip: hello.chipId });
  await requireNotStopped(authority, [
    { kind: 'product', name: job.product },
    { kind: 'device', name: toHex(device.thumbprint) },
    ...stopsOfStation(station),
  ]);
  await requireOpenTo(authority, job, device.thumbprint);
  const item = await choosePackage(authority, request);
  await requireOrdered(authority, job, item.manifestDigest);
  const manifest = verifyLicensable(authority, trust, { header: item.header, epoch: hello.epoch });
  // What the chip itself would refuse for good, so that no unit is taken for it (package.md
  // section 6, steps 7 to 10).
  checkForChip(manifest, findChip(hello.chipId), hello);
  checkAccepted(job, { device, hello, manifest });
  return { job, trust, item, manifest, device, hello, ask, station };
}

/** The license that this request, or another for the same chip, nonce and package, got before. */
async function findIssued(
  authority: Authority,
  request: FiledRequest,
  { hello, manifest, device }: Verified,
): Promise<LicenseRecord | undefined> {
  const { jobId, requestId } = request;
  const { thumbprint } = device;
  const key = { jobId, requestId, thumbprint, manifestDigest: manifest.digest, nonce: hello.nonce };
  const found = await authority.store.findLicenseOf(key);
  if (found?.requestId === requestId) refuseOther(found, key, requestId);
  return found;
}

function refuseOther(
  license: LicenseRecord,
  key: { thumbprint: Bytes; manifestDigest: Bytes; nonce: Bytes },
  requestId: string,
): void {
  const same =
    equalBytes(license.thumbprint, key.thumbprint) &&
    equalBytes(license.manifestDigest, key.manifestDigest) &&
    equalBytes(license.nonce, key.nonce);
  if (!same) throw new Fault('request-id-reused', { requestId });
}

async function takeUnit(
  authority: Authority,
  request: FiledRequest,
  { job, device }: Verified,
): Promise<{ unitIndex: number; taken: boolean; isFirst: boolean }> {
  const { jobId, certificate } = request;
  const { thumbprint } = device;
  const atMs = authority.clock.nowMs();
  let noted: 'unit-taken' | 'unit-retaken' | undefined;
  const unit = await authority.store.takeUnit({
    jobId,
    thumbprint,
    certificate,
    atMs,
    event: (unitIndex, kind) => {
      noted = kind;
      return { timeMs: atMs, kind, fields: { job: jobId, thumbprint, unit: unitIndex } };
    },
  });
  if (unit) return { ...unit, isFirst: unit.taken && noted === 'unit-taken' };
  requireApproved(await requireJob(authority, jobId), toHex(jobId));
  throw new Fault('quota-exhausted', { job: toHex(jobId), quota: job.quota });
}

/** Throws `licenses-too-many`. */
export async function refuseEndless(authority: Authority, jobId: Bytes, unitIndex: number): Promise<void> {
  const range = { jobId, first: unitIndex, last: unitIndex };
  const { length } = await authority.store.listLicenses(range);
  if (length >= licensesOfUnitAtMost)
    throw new Fault('licenses-too-many', { job: toHex(jobId), unit: unitIndex, most: licensesOfUnitAtMost });
}

/** What the signer makes of what was verified. */
async function makeLicense(
  authority: Authority,
  { job, item, ask, station }: Verified,
  unitIndex: number,
): Promise<{ licenseId: Bytes; bundle: Bytes }> {
  const { header, contentKeyFile } = item;
  return askCounted(authority, job, async (approvals) =>
    authority.signer.issue({
      ...{ job: termsOf(job), approvals, header, contentKeyFile, unitIndex, ask, station },
      sealedData: await findSealedData(authority, job, unitIndex),
    }),
  );
}

/**
 * Issues a license, or returns the one that this request or another for the same chip, nonce and package got
 * before. Throws the faults of job, certificate, hello, package and chip with no unit taken;
 * `challenge-unknown`, `quota-exhausted`, `request-id-reused`, `licenses-too-many`; and any fault of the keys
 * with the unit taken and no license, which a repeat mends.
 */
export async function licenseDevice(authority: Authority, request: LicenseRequest): Promise<IssuedLicense> {
  const { jobId, challenge } = request;
  const verified = await verifyRequest(authority, request);
  const issued = await findIssued(authority, request, verified);
  if (issued) return { ...issued, newUnit: false };
  await requireChallenge(authority, { challenge, jobId, purpose: 'hello' });
  return issueNew(authority, request, verified);
}

/**
 * The license of what was verified, without a challenge: the one that was issued before, or a new one. Throws
 * as licenseDevice.
 */
export async function licenseVerified(
  authority: Authority,
  request: FiledRequest,
  verified: Verified,
): Promise<IssuedLicense> {
  const issued = await findIssued(authority, request, verified);
  return issued ? { ...issued, newUnit: false } : issueNew(authority, request, verified);
}

/** Throws `internal-error` for a license of something else: the answer to another request. */
function requireAsked(
  terms: LicenseTerms,
  asked: Pick<LicenseTerms, 'licenseId' | 'unitIndex' | 'thumbprint' | 'manifestDigest'>,
): void {
  const isAsked =
    equalBytes(terms.licenseId, asked.licenseId) &&
    terms.unitIndex === asked.unitIndex &&
    equalBytes(terms.thumbprint, asked.thumbprint) &&
    equalBytes(terms.manifestDigest, asked.manifestDigest);
  if (!isAsked) throw new Fault('internal-error', { detail: 'the signer answered another request' });
}

async function issueNew(
  authority: Authority,
  request: FiledRequest,
  verified: Verified,
): Promise<IssuedLicense> {
  const { crypto, store } = authority;
  const { jobId, requestId } = request;
  const { unitIndex, taken, isFirst } = await takeUnit(authority, request, verified);
  // A unit that nobody held before has no licenses.
  if (!isFirst) await refuseEndless(authority, jobId, unitIndex);
  const { licenseId, bundle } = await makeLicense(authority, verified, unitIndex);

  const { job, manifest, device, hello, station } = verified;
  // The signer verified its signature when it was made.
  const { digest, terms } = readLicenseUnverified(crypto, readLicenseBundle(bundle).license);
  requireAsked(terms, {
    licenseId,
    unitIndex,
    thumbprint: device.thumbprint,
    manifestDigest: manifest.digest,
  });
  const issuedAtMs = authority.clock.nowMs();
  const kept = await store.insertLicense(
    {
      licenseId,
      jobId,
      thumbprint: device.thumbprint,
      unitIndex,
      manifestDigest: manifest.digest,
      nonce: hello.nonce,
      requestId,
      mode: licenseModeOf(job),
      licenseDigest: digest,
      bundle,
      issuedAtMs,
    },
    {
      timeMs: issuedAtMs,
      kind: 'license-issued',
      fields: {
        job: jobId,
        license: licenseId,
        digest,
        thumbprint: device.thumbprint,
        unit: unitIndex,
        manifest: manifest.digest,
        ceiling: terms.ceiling,
        ...(station === undefined ? {} : { station }),
      },
    },
  );
  if (!kept) throw new Fault('job-closed', { job: toHex(jobId) });
  const { license } = kept;
  refuseOther(
    license,
    { thumbprint: device.thumbprint, manifestDigest: manifest.digest, nonce: hello.nonce },
    requestId,
  );
  return { ...license, newUnit: taken };
}
