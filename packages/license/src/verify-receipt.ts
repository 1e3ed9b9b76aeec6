// What a receipt proves: spec/receipt.md section 3. A receipt that comes back from here satisfies its
// manifest; what the install is called is outcome.ts.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, digestOf, sameOrigin, verifySigned } from '@firmseal/formats';
import { agentAreaOf, type Manifest, unmetRequirement } from '@firmseal/seal';
import { type Receipt, readReceiptPayload, receiptKind, receiptResults } from './receipt.ts';
import type { VerifiedLicense } from './verify-license.ts';

export interface ReceiptContext {
  readonly receipt: Uint8Array;
  readonly device: DevicePublic;
  readonly license: Pick<VerifiedLicense, 'terms' | 'digest'>;
  readonly manifest: Manifest;
  /** The one that was given with the request. */
  readonly challenge?: Uint8Array;
}

/** A receipt whose checks all held. */
export interface VerifiedReceipt extends Receipt {
  /** Of the signed object, 32 bytes. */
  readonly digest: Bytes;
}

/** Firmware by the manifest's digests, per-device data by the license's, generated keys by their length. */
function holdsManifest(
  { areas }: Receipt,
  { areaDigests, core }: Manifest,
  deviceDataDigests: readonly Uint8Array[],
): boolean {
  const data = deviceDataDigests.values();
  const expected = core.areas.map(({ kind, lengthBytes }, i) => {
    if (kind === 'generated-keys') return lengthBytes;
    return kind === 'device-data' ? data.next().value : areaDigests[i];
  });
  return (
    areas.length === expected.length &&
    areas.every((evidence, i) => {
      const due = expected[i];
      if (typeof evidence === 'number' || typeof due === 'number') return evidence === due;
      return due !== undefined && due !== null && equalBytes(evidence, due);
    })
  );
}

/** Checks 4 to 8: whose receipt it is, and for what. */
function checkBindings(receipt: Receipt, { device, license, manifest }: ReceiptContext): void {
  const { terms, digest } = license;
  const { thumbprint, chipId, origin } = device;
  if (!equalBytes(receipt.thumbprint, thumbprint) || !equalBytes(thumbprint, terms.thumbprint))
    throw new Fault('receipt-device-wrong');
  if (receipt.chipId !== chipId)
    throw new Fault('receipt-chip-wrong', { said: receipt.chipId, certified: chipId });
  if (!sameOrigin(receipt.origin, origin) || !sameOrigin(origin, terms.origin))
    throw new Fault('receipt-origin-wrong');
  const ofLicense =
    equalBytes(receipt.licenseDigest, digest) &&
    equalBytes(receipt.licenseId, terms.licenseId) &&
    equalBytes(receipt.jobId, terms.jobId);
  if (!ofLicense) throw new Fault('receipt-license-wrong');
  const ofManifest =
    equalBytes(receipt.manifestDigest, terms.manifestDigest) &&
    equalBytes(terms.manifestDigest, manifest.digest);
  if (!ofManifest) throw new Fault('receipt-manifest-wrong');
}

/** Checks 9 to 11: what it answers, and when it was measured. */
function checkMoment(receipt: Receipt, { license, manifest, challenge }: ReceiptContext): void {
  const expected = receipt.fresh ? challenge : license.terms.receiptNonce;
  if (!expected || !equalBytes(receipt.nonce, expected)) throw new Fault('receipt-challenge-wrong');
  const stands =
    receipt.result === 'installed' ||
    (receipt.result === 'on-trial' && manifest.core.interruption === 'trial');
  if (!stands) throw new Fault('receipt-result-bad', { result: receiptResults.indexOf(receipt.result) });
  if (receipt.measured !== receipt.fresh) throw new Fault('receipt-not-measured');
}

/** Checks 12 to 15: the chip holds what the manifest describes, as the manifest asks. */
function checkSatisfies(receipt: Receipt, { license, manifest, device }: ReceiptContext): void {
  const { core } = manifest;
  const namesAgent = receipt.agent?.counter === agentAreaOf(core)?.agentCounter;
  if (!namesAgent || !holdsManifest(receipt, manifest, license.terms.deviceDataDigests))
    throw new Fault('receipt-digest-wrong');
  const unmet = unmetRequirement(findChip(device.chipId), core, receipt.optionBytes);
  if (unmet) throw new Fault('receipt-options-wrong', { register: unmet.register });
  const { securityCounter, agentVersion } = receipt;
  if (receipt.result === 'installed' && securityCounter < core.securityCounter)
    throw new Fault('receipt-counter-wrong', { found: securityCounter, least: core.securityCounter });
  if (agentVersion < core.leastAgentVersion)
    throw new Fault('receipt-agent-too-old', { agentVersion, least: core.leastAgentVersion });
}

/**
 * Returns only when every check held. Throws, in this order, `receipt-malformed`,
 * `receipt-signature-invalid`, `receipt-malformed`, `receipt-device-wrong`, `receipt-chip-wrong`,
 * `receipt-origin-wrong`, `receipt-license-wrong`, `receipt-manifest-wrong`, `receipt-challenge-wrong`,
 * `receipt-result-bad`, `receipt-not-measured`, `receipt-digest-wrong`, `receipt-options-wrong`,
 * `receipt-counter-wrong`, `receipt-agent-too-old`; `chip-unknown` where the catalogue does not have the
 * chip. A receipt that is not fresh passes with the license's nonce: look at `fresh`.
 */
export function verifyReceipt(crypto: Crypto, context: ReceiptContext): VerifiedReceipt {
  const { signingKey } = context.device;
  const object = verifySigned(crypto, context.receipt, { kind: receiptKind, publicKey: signingKey });
  const receipt = readReceiptPayload(object.payload);
  checkBindings(receipt, context);
  checkMoment(receipt, context);
  checkSatisfies(receipt, context);
  return { ...receipt, digest: digestOf(crypto, object) };
}
