// Intake of receipts: verified against the license, the device and the manifest as the authority has them,
// then stored once. A receipt for a license that was never issued here is an alarm: it is what a restored
// database, a copy of the issuer's key, or a forgery would bring.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { digestOf, openSigned } from '@firmseal/formats';
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
import type { LicenseRecord } from '../store/records.ts';
import { type Authority, type ProductTrust, requireProduct } from './authority.ts';
import { requireChallenge } from './challenges.ts';
import { verifyDevice } from './devices.ts';
import { requireJob } from './jobs.ts';

export interface ReceiptRequest {
  readonly jobId: Bytes;
  readonly licenseId: Bytes;
  readonly receipt: Bytes;
  /** The receipt challenge that it answers; left out for a receipt that answers the license's nonce. */
  readonly challenge?: Bytes;
}

async function raiseAlarm(authority: Authority, request: ReceiptRequest, claimed: Receipt): Promise<never> {
  const { jobId, licenseId, receipt } = request;
  const known = await authority.store.findDevice(claimed.thumbprint);
  await authority.store.appendLog({
    timeMs: authority.nowMs(),
    kind: 'alarm',
    fields: {
      reason: 'receipt-for-unknown-license',
      job: jobId,
      license: licenseId,
      receipt: digestOf(authority.crypto, openSigned(receipt, receiptKind)),
      thumbprint: claimed.thumbprint,
      deviceKnown: known !== undefined,
    },
  });
  throw new Fault('license-unknown', { license: toHex(licenseId) });
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

async function verifyStored(
  authority: Authority,
  request: ReceiptRequest,
  license: LicenseRecord,
): Promise<{ fresh: boolean; digest: Bytes; verdict: Verdict }> {
  const { crypto, store } = authority;
  const job = await requireJob(authority, request.jobId);
  const trust = requireProduct(authority, job.product);
  const known = await store.findDevice(license.thumbprint);
  if (!known) throw new Fault('internal-error', { detail: 'a license without its device' });
  const { rootPublicKey, product } = trust;
  const { certificate, firstSeenAtMs: atMs } = known;
  const device = verifyDevice(crypto, trust, { certificate, atMs });
  const manifest = await manifestOf(authority, trust, license);
  const receipt = verifyReceipt(crypto, {
    receipt: request.receipt,
    ...{ device, manifest },
    license: verifyLicense(crypto, { bundle: license.bundle, rootPublicKey, product, epoch: 0 }),
    ...(request.challenge ? { challenge: request.challenge } : {}),
  });
  const { fresh, digest } = receipt;
  return { fresh, digest, verdict: judgeReceipt({ manifest, receipt, device, accepts: job.accepts }) };
}

/**
 * Verifies and keeps a receipt; the same one again changes nothing. An outcome that the owner of the job did
 * not allow is kept too, and not accepted. Throws `job-unknown`, `license-unknown` (after an alarm was
 * logged), the receipt faults of spec/receipt.md, and `challenge-unknown`.
 */
export async function storeReceipt(
  authority: Authority,
  request: ReceiptRequest,
): Promise<{ fresh: boolean; stored: boolean; outcome: Outcome; accepted: boolean }> {
  const { store } = authority;
  const { jobId, licenseId, receipt, challenge } = request;
  await requireJob(authority, jobId);
  const claimed = parseReceiptUnverified(receipt);
  if (!equalBytes(claimed.licenseId, licenseId)) throw new Fault('receipt-license-wrong');
  const license = await store.findLicense(licenseId);
  if (!license || !equalBytes(license.jobId, jobId)) return raiseAlarm(authority, request, claimed);

  const { fresh, digest, verdict } = await verifyStored(authority, request, license);
  const { outcome, accepted } = verdict;
  if (await store.findReceipt(digest)) return { fresh, stored: false, outcome, accepted };
  if (fresh && challenge) {
    const givenAtMs = await requireChallenge(authority, { challenge, jobId, purpose: 'receipt' });
    if (givenAtMs < license.issuedAtMs) throw new Fault('challenge-unknown');
  }
  const storedAtMs = authority.nowMs();
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
  return { fresh, stored, outcome, accepted };
}
