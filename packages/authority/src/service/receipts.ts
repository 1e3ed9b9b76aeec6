// Intake of receipts: verified against the license, the device and the manifest as the authority has them,
// then stored once, under the job of the license. A chip that was installed under another job of this
// authority is so answered by what that job did. A receipt for a license that was never issued here is an
// alarm, once its signature has verified under a certificate of the device CA.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, digestOf, verifySigned } from '@firmseal/formats';
import {
  judgeReceipt,
  type Outcome,
  parseReceiptUnverified,
  type Receipt,
  receiptKind,
  type Verdict,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import type { JobRecord, LicenseRecord } from '../store/records.ts';
import { raiseAlarm } from './alarms.ts';
import { type Authority, type ProductTrust, requireProduct } from './authority.ts';
import { requireChallenge } from './challenges.ts';
import { requireJob } from './jobs.ts';
import { noteFailure } from './rollouts.ts';

export interface ReceiptRequest {
  /** Of the line that brings it. */
  readonly jobId: Bytes;
  readonly licenseId: Bytes;
  readonly receipt: Bytes;
  /** The receipt challenge that it answers; left out for a receipt that answers the license's nonce. */
  readonly challenge?: Bytes | undefined;
  /** Of the chip, should its license not be known here. */
  readonly certificate?: Bytes | undefined;
}

/**
 * The chip that a receipt names, certified: as this authority met it, or by the certificate that came along.
 */
async function certifiedDevice(
  authority: Authority,
  trust: ProductTrust,
  { claimed, certificate }: { claimed: Receipt; certificate?: Bytes | undefined },
): Promise<DevicePublic> {
  const { crypto, clock, store } = authority;
  const met = await store.findDevice(claimed.thumbprint);
  const inputs = met
    ? { certificate: met.certificate, atMs: met.firstSeenAtMs }
    : certificate && { certificate, atMs: clock.nowMs() };
  if (!inputs) throw new Fault('receipt-device-wrong');
  const device = verifyDevice(crypto, trust, inputs);
  if (!equalBytes(device.thumbprint, claimed.thumbprint)) throw new Fault('receipt-device-wrong');
  return device;
}

/** Never returns: `license-unknown`, with an alarm when the receipt is a certified chip's. */
async function refuseUnknownLicense(
  authority: Authority,
  job: JobRecord,
  request: ReceiptRequest,
  claimed: Receipt,
): Promise<never> {
  const { crypto } = authority;
  const { jobId, licenseId, receipt, certificate } = request;
  const unknown = new Fault('license-unknown', { license: toHex(licenseId) });
  try {
    const trust = requireProduct(authority, job.product);
    const device = await certifiedDevice(authority, trust, { claimed, certificate });
    const object = verifySigned(crypto, receipt, { kind: receiptKind, publicKey: device.signingKey });
    const receiptDigest = digestOf(crypto, object);
    const { thumbprint } = device;
    const reason = 'receipt-for-unknown-license';
    await raiseAlarm(authority, { reason, jobId, licenseId, thumbprint, receiptDigest });
  } catch (cause) {
    // Anyone with a line's token can make up a receipt: one that does not verify proves nothing.
    if (!(cause instanceof Fault) || cause.code.startsWith('store-')) throw cause;
  }
  throw unknown;
}

/**
 * The manifest of a stored license, verified again; a signer that was revoked since still
 * counts for what was licensed.
 */
async function manifestOf(
  authority: Authority,
  trust: ProductTrust,
  license: LicenseRecord,
): Promise<Manifest> {
  const packages = await authority.store.listPackages(license.jobId);
  const item = packages.find((one) => equalBytes(one.manifestDigest, license.manifestDigest));
  if (!item) throw new Fault('internal-error', { detail: 'a license without its package' });
  const { rootPublicKey, product } = trust;
  return verifyHeader(authority.crypto, decodeHeader(item.header), { rootPublicKey, product }).manifest;
}

/**
 * What is wrong with the result is found last of what the device itself signed (spec/receipt.md section 3).
 */
async function receiptOr<T>(verify: () => T, onBadResult: () => Promise<void>): Promise<T> {
  try {
    return verify();
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'receipt-result-bad') await onBadResult();
    throw fault;
  }
}

async function verifyStored(
  authority: Authority,
  request: ReceiptRequest,
  license: LicenseRecord,
): Promise<{ fresh: boolean; digest: Bytes; verdict: Verdict }> {
  const { crypto } = authority;
  const job = await requireJob(authority, license.jobId);
  const trust = requireProduct(authority, job.product);
  const known = await authority.store.findDevice(license.thumbprint);
  if (!known) throw new Fault('internal-error', { detail: 'a license without its device' });
  const { rootPublicKey, product } = trust;
  const { certificate, firstSeenAtMs: atMs } = known;
  const device = verifyDevice(crypto, trust, { certificate, atMs });
  const manifest = await manifestOf(authority, trust, license);
  const inputs = {
    receipt: request.receipt,
    ...{ device, manifest },
    license: verifyLicense(crypto, { bundle: license.bundle, rootPublicKey, product, epoch: 0 }),
    ...(request.challenge ? { challenge: request.challenge } : {}),
  };
  const receipt = await receiptOr(
    () => verifyReceipt(crypto, inputs),
    async () => {
      if (job.mode !== 'update' || parseReceiptUnverified(request.receipt).result !== 'given-up') return;
      await noteFailure(authority, license, { receipt: request.receipt, signingKey: device.signingKey });
    },
  );
  const { fresh, digest } = receipt;
  return { fresh, digest, verdict: judgeReceipt({ manifest, receipt, device, accepts: job.accepts }) };
}

/** The chip of a voided unit holds the firmware: what the owner had ruled out. */
async function alarmIfVoided(authority: Authority, license: LicenseRecord, digest: Bytes): Promise<void> {
  const { jobId, licenseId, thumbprint } = license;
  const unit = await authority.store.findUnit(jobId, thumbprint);
  if (unit?.voided === undefined) return;
  const reason = 'receipt-for-voided-unit';
  await raiseAlarm(authority, { reason, jobId, licenseId, thumbprint, receiptDigest: digest });
}

/**
 * Verifies and keeps a receipt; the same one again changes nothing. An outcome that the owner of the job did
 * not allow is kept too, and not accepted. `jobId` of the result is the job of the license. Throws
 * `job-unknown`, `license-unknown` (with an alarm when a certified chip signed the receipt), the receipt
 * faults of spec/receipt.md, and `challenge-unknown`.
 */
export async function storeReceipt(
  authority: Authority,
  request: ReceiptRequest,
): Promise<{ fresh: boolean; stored: boolean; jobId: Bytes; outcome: Outcome; accepted: boolean }> {
  const { store } = authority;
  const { licenseId, receipt, challenge } = request;
  const job = await requireJob(authority, request.jobId);
  const claimed = parseReceiptUnverified(receipt);
  if (!equalBytes(claimed.licenseId, licenseId)) throw new Fault('receipt-license-wrong');
  const license = await store.findLicense(licenseId);
  if (!license) return refuseUnknownLicense(authority, job, request, claimed);

  const { jobId } = license;
  const { fresh, digest, verdict } = await verifyStored(authority, request, license);
  const { outcome, accepted } = verdict;
  if (await store.findReceipt(digest)) return { fresh, stored: false, jobId, outcome, accepted };
  if (fresh && challenge) {
    const given = await requireChallenge(authority, {
      challenge,
      jobId: request.jobId,
      purpose: 'receipt',
    });
    // By the log, not by a clock: what was given before the license is no challenge for its receipt.
    if (given.logSize <= license.logSequence) throw new Fault('challenge-unknown');
  }
  const storedAtMs = authority.clock.nowMs();
  const stored = await store.insertReceipt(
    {
      receiptDigest: digest,
      licenseId,
      jobId,
      receipt,
      fresh,
      outcome,
      storedAtMs,
      ...(fresh && challenge ? { challenge } : {}),
    },
    {
      timeMs: storedAtMs,
      kind: 'receipt-stored',
      fields: { job: jobId, license: licenseId, receipt: digest, fresh, outcome },
    },
  );
  await alarmIfVoided(authority, license, digest);
  return { fresh, stored, jobId, outcome, accepted };
}
