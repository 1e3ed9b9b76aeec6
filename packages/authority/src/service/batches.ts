// Batches for lines without a connection (spec/batch.md): standing licenses for chips that were personalized
// elsewhere, by the record that the device CA signed of each, and the signed list of the licenses of a batch.
// No hello and no challenge: a record shows the chip as its trusted site let it go.

import { type Bytes, equalBytes, toHex, u32be, utf8 } from '@firmseal/bytes';
import { verifyDevice, verifyIdentityRecord } from '@firmseal/certificate';
import { findChip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import { ceilingFor, type Hello, readLicenseBundle, readLicenseTermsUnverified } from '@firmseal/license';
import { checkForChip } from '@firmseal/seal';
import { requireListedStation } from '@firmseal/station';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord, LicenseRecord } from '../store/records.ts';
import { requireOrdered } from './approvals.ts';
import {
  type Authority,
  type ProductTrust,
  requireApproved,
  requireCurrent,
  requireProduct,
} from './authority.ts';
import { requireJob, verifyLicensable } from './jobs.ts';
import {
  checkAccepted,
  choosePackage,
  type IssuedLicense,
  licenseVerified,
  type Verified,
} from './licensing.ts';
import { recoveryFloor } from './recoveries.ts';
import { requireNotStopped, stopsOfStation } from './stops.ts';

const label = utf8('firmseal/1 batch license');

export interface RecordsRequest {
  readonly jobId: Bytes;
  readonly records: readonly Bytes[];
  readonly notAfterSeconds: number;
  /** Which package of the job; the newest approved one when left out. */
  readonly manifestDigest?: Bytes | undefined;
  /** That the licenses are for, as their owner says. */
  readonly station?: string | undefined;
}

export interface RecordLicense extends IssuedLicense {
  readonly thumbprint: Bytes;
}

/** An approved job of mode standing. Throws `job-not-approved`, `job-closed`, `job-mode-wrong`. */
function requireStanding(job: JobRecord): void {
  const hex = toHex(job.jobId);
  requireApproved(job, hex);
  if (job.mode !== 'standing')
    throw new Fault('job-mode-wrong', { job: hex, mode: job.mode, asked: 'standing' });
}

/** Throws `batch-date-wrong`. */
export function requireDate({ clock }: { clock: { nowMs(): number } }, notAfterSeconds: number): void {
  const nowMs = clock.nowMs();
  if (notAfterSeconds * 1000 > nowMs) return;
  const [notAfter, now] = [notAfterSeconds * 1000, nowMs].map((ms) => new Date(ms).toISOString());
  throw new Fault('batch-date-wrong', { notAfter: notAfter!, now: now! });
}

/**
 * The chip of a record under any device CA of the product. Throws the faults of the last CA that was tried.
 */
export function verifyRecord(
  { crypto, clock }: { crypto: Crypto; clock: { nowMs(): number } },
  trust: ProductTrust,
  record: Bytes,
): { certificate: Bytes; device: DevicePublic; hello: Hello } {
  let refused: unknown;
  for (const key of trust.deviceCaKeys) {
    try {
      const { record: read, hello } = verifyIdentityRecord(crypto, record, key);
      const { certificate } = read;
      return {
        certificate,
        hello,
        device: verifyDevice(crypto, trust, { certificate, atMs: clock.nowMs() }),
      };
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}

/**
 * The highest count of unwraps that the chip of a record can have reached, as far as this authority knows:
 * a license of another job may have been used up to its ceiling. A second license of the same unit gets the
 * ceiling of the first, so that asking again raises nothing.
 */
async function unwrapsOf(
  authority: Authority,
  { jobId, product }: Pick<JobRecord, 'jobId' | 'product'>,
  { device, hello }: ChipOfRecord,
): Promise<number> {
  const { thumbprint } = device;
  const unit = await authority.store.findUnit(jobId, thumbprint);
  if (!unit)
    return Math.max(hello.unwraps, (await recoveryFloor(authority, { product, thumbprint })).unwraps);
  const range = { jobId, first: unit.unitIndex, last: unit.unitIndex };
  const shown = (await authority.store.listLicenses(range)).map(
    ({ bundle }) => readLicenseTermsUnverified(readLicenseBundle(bundle).license).ceiling - ceilingFor(0),
  );
  return Math.max(hello.unwraps, ...shown);
}

interface ChipOfRecord {
  readonly certificate: Bytes;
  readonly device: DevicePublic;
  readonly hello: Hello;
}

interface CheckedRecord extends Verified {
  readonly certificate: Bytes;
}

/**
 * One record with all that can be refused for it. The faults of record, certificate, hello, package, chip.
 */
async function checkRecord(
  authority: Authority,
  given: Pick<Verified, 'job' | 'trust' | 'item' | 'notAfterSeconds' | 'station'> & {
    readonly record: Bytes;
  },
): Promise<CheckedRecord> {
  const { crypto } = authority;
  const { job, trust, item, record, notAfterSeconds = 0, station } = given;
  const chip = verifyRecord(authority, trust, record);
  const { device, hello } = chip;
  await requireNotStopped(authority, [{ kind: 'device', name: toHex(device.thumbprint) }]);
  const manifest = verifyLicensable(authority, trust, { header: item.header, epoch: hello.epoch });
  checkForChip(manifest, findChip(hello.chipId), hello);
  checkAccepted(job, { device, hello, manifest });
  const unwraps = await unwrapsOf(authority, job, chip);
  // No hello of now has a nonce: this one names the license, so that asking again finds it.
  const named = crypto.sha256(
    ...[label, hello.nonce, manifest.digest, u32be(notAfterSeconds), u32be(ceilingFor(unwraps))],
  );
  return {
    ...{ job, trust, item, manifest, device, notAfterSeconds, station, certificate: chip.certificate },
    hello: { ...hello, unwraps, nonce: named.slice(0, 16) },
    ask: { kind: 'record', record, notAfterSeconds },
  };
}

/** A fault of the chip, and not of the authority or the job. */
const isOfRecord = (error: unknown): error is Fault =>
  error instanceof Fault && !/^(store|internal)-/.test(error.code);

function recordRefused({ jobId }: JobRecord, record: number, cause: Fault): Fault {
  const fields = { job: toHex(jobId), record: record + 1, reason: `${cause.code}: ${cause.message}` };
  return new Fault('batch-record-refused', fields, { cause });
}

/**
 * Standing licenses in the order of the records. Throws `batch-date-wrong`, `job-mode-wrong`, those of jobs
 * and packages, and `batch-record-refused` with no unit taken; then those of licenseDevice. What was issued
 * before a fault is found again by a repeat.
 */
export async function licenseRecords(
  authority: Authority,
  request: RecordsRequest,
): Promise<{ manifestDigest: Bytes; licenses: RecordLicense[] }> {
  const { jobId, records, notAfterSeconds, station } = request;
  const job = await requireJob(authority, jobId);
  requireStanding(job);
  requireDate(authority, notAfterSeconds);
  const trust = requireProduct(authority, job.product);
  requireCurrent(authority, job);
  requireListedStation(job, station);
  await requireNotStopped(authority, [{ kind: 'product', name: job.product }, ...stopsOfStation(station)]);
  const item = await choosePackage(authority, request);
  await requireOrdered(authority, job, item.manifestDigest);
  const checked: CheckedRecord[] = [];
  for (const [record, bytes] of records.entries()) {
    try {
      checked.push(
        await checkRecord(authority, { job, trust, item, notAfterSeconds, station, record: bytes }),
      );
    } catch (error) {
      throw isOfRecord(error) ? recordRefused(job, record, error) : error;
    }
  }
  const licenses: RecordLicense[] = [];
  for (const verified of checked) {
    const { certificate, device, hello } = verified;
    const requestId = `record-${toHex(hello.nonce)}`;
    const issued = await licenseVerified(authority, { jobId, certificate, requestId }, verified);
    licenses.push({ ...issued, thumbprint: device.thumbprint });
  }
  return { manifestDigest: item.manifestDigest, licenses };
}

export interface BatchRequest {
  readonly jobId: Bytes;
  /** License ids in the order of the file. */
  readonly licenses: readonly Bytes[];
  readonly notAfterSeconds: number;
}

export interface SignedBatch {
  readonly batchId: Bytes;
  readonly list: Bytes;
  readonly delegation: Bytes;
  readonly epochStatement?: Bytes;
}

/** Why a license cannot be in a batch whose first one is `first`. */
function unfitness(
  license: LicenseRecord | undefined,
  { jobId, notAfterSeconds, first }: BatchRequest & { readonly first: LicenseRecord | undefined },
): string | undefined {
  if (license === undefined || !equalBytes(license.jobId, jobId)) return 'the job has not issued it';
  if (first !== undefined && !equalBytes(license.manifestDigest, first.manifestDigest))
    return 'it is for another package';
  const terms = readLicenseTermsUnverified(readLicenseBundle(license.bundle).license);
  const ends = terms.notAfterSeconds !== undefined && terms.notAfterSeconds <= notAfterSeconds;
  return ends ? undefined : 'it is good for longer than the batch';
}

/**
 * Signs the list of licenses that were issued before. Throws those of jobs, `job-mode-wrong`,
 * `batch-date-wrong`, and `batch-license-unfit` for one that is not of this job, of another package than the
 * first, good for longer than the batch, or for a chip that is there twice.
 */
export async function signBatch(authority: Authority, request: BatchRequest): Promise<SignedBatch> {
  const { store, signer } = authority;
  const { jobId, notAfterSeconds } = request;
  const job = await requireJob(authority, jobId);
  requireStanding(job);
  requireDate(authority, notAfterSeconds);
  const trust = requireProduct(authority, job.product);
  const found: LicenseRecord[] = [];
  const chips = new Set<string>();
  for (const licenseId of request.licenses) {
    const license = await store.findLicense(licenseId);
    const unfit = unfitness(license, { ...request, first: found[0] });
    const chip = toHex(license?.thumbprint ?? licenseId);
    const reason = unfit ?? (chips.has(chip) ? 'its chip is there twice' : undefined);
    if (reason !== undefined) throw new Fault('batch-license-unfit', { license: toHex(licenseId), reason });
    chips.add(chip);
    found.push(license!);
  }
  const bundles = found.map(({ bundle }) => bundle);
  const { batchId, list } = await signer.signBatch({ job: termsOf(job), notAfterSeconds, bundles });
  return {
    ...{ batchId, list },
    delegation: trust.issuerDelegation,
    ...(trust.epochStatement ? { epochStatement: trust.epochStatement } : {}),
  };
}
