// The receipt: what a chip signs about what it holds, and the checks that PASS means. spec/receipt.md.

import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import {
  arrayOf,
  boolean,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  oneOf,
  type Schema,
  signCoseWith,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  checkSigned,
  count,
  type DevicePublic,
  digestOf,
  encodeOptionValues,
  type OptionValue,
  openSigned,
  optionValues,
  readObject,
  readoutLevels,
  shortText,
} from '@firmseal/formats';
import type { Manifest, ReadoutLevel } from '@firmseal/seal';
import type { LicenseTerms } from './terms.ts';

export const receiptTyp = 'application/firmseal-receipt';
const profile = 'tag:firmseal,2026:receipt-1';
/**
 * EAT dbgstat by readout level (RFC 9711 section 4.2.9): enabled, disabled, disabled fully and permanently.
 */
const debugStatus = [0, 1, 4] as const;

export interface Receipt {
  /** The challenge when `fresh`, else the license's nonce for the receipt; 32 bytes. */
  readonly nonce: Bytes;
  readonly thumbprint: Bytes;
  /** False means NOT FRESH. */
  readonly fresh: boolean;
  readonly manifestDigest: Bytes;
  readonly licenseId: Bytes;
  readonly jobId: Bytes;
  readonly installCount: number;
  /** In the manifest's order: keyed digest of firmware, length in bytes of the other kinds. */
  readonly areas: readonly (Bytes | number)[];
  readonly optionBytes: readonly OptionValue[];
  readonly securityCounter: number;
  readonly readoutLevel: ReadoutLevel;
  /** 0: installed. */
  readonly result: number;
  readonly agentVersion: number;
  readonly chipId: string;
  /** The level is below the one at which the catalogue calls this chip tier B. */
  readonly unprotected: boolean;
}

const areaEvidence: Schema<Bytes | number> = (value, what) =>
  typeof value === 'number' ? count(value, what) : bytes32(value, what);

const receiptShape = {
  nonce: field(10, bytes32),
  ueid: field(256, byteString(33)),
  dbgstat: field(263, oneOf(...debugStatus)),
  profile: field(265, oneOf(profile)),
  fresh: field(-70001, boolean),
  manifestDigest: field(-70002, bytes32),
  licenseId: field(-70003, bytes16),
  jobId: field(-70004, bytes16),
  installCount: field(-70005, count),
  areas: field(-70006, arrayOf(areaEvidence, 1, 8)),
  optionBytes: field(-70007, optionValues),
  securityCounter: field(-70008, count),
  readoutLevel: field(-70009, oneOf(...readoutLevels)),
  result: field(-70010, count),
  agentVersion: field(-70011, count),
  chipId: field(-70012, shortText),
  unprotected: field(-70013, boolean),
};

function readReceipt(payload: Uint8Array): Receipt {
  const shape = readObject(payload, 'receipt-malformed', 'receipt', receiptShape);
  const { ueid, dbgstat, profile: _, ...rest } = shape;
  if (ueid[0] !== 1 || dbgstat !== debugStatus[rest.readoutLevel]) throw new Fault('receipt-malformed');
  return { ...rest, thumbprint: ueid.slice(1) };
}

/** Shape alone: nothing in it can be believed. Throws `receipt-malformed`. */
export function parseReceiptUnverified(bytes: Uint8Array): Receipt {
  return readReceipt(openSigned(bytes, receiptTyp, 'receipt-malformed').payload);
}

export interface ReceiptContext {
  readonly receipt: Uint8Array;
  readonly device: DevicePublic;
  readonly license: LicenseTerms;
  readonly manifest: Manifest;
  /** The one that was given with the request. */
  readonly challenge?: Uint8Array;
}

function holdsManifest({ areas }: Receipt, { areaDigests, core }: Manifest): boolean {
  return (
    areas.length === core.areas.length &&
    areas.every((evidence, i) => {
      const digest = areaDigests[i];
      return typeof evidence === 'number'
        ? digest === null && evidence === core.areas[i]!.lengthBytes
        : digest !== null && digest !== undefined && equalBytes(evidence, digest);
    })
  );
}

/**
 * PASS: returns only when every check passed. Throws, in this order, `receipt-malformed`,
 * `receipt-signature-invalid`, `receipt-device-wrong`, `receipt-license-wrong`, `receipt-manifest-wrong`,
 * `receipt-digest-wrong`, `receipt-challenge-wrong`, `receipt-result-bad`. A receipt that is not fresh passes
 * with the license's nonce: look at `fresh` and `unprotected`.
 */
export function verifyReceipt(crypto: Crypto, context: ReceiptContext): Receipt & { digest: Bytes } {
  const { device, license, manifest, challenge } = context;
  const object = openSigned(context.receipt, receiptTyp, 'receipt-malformed');
  const receipt = readReceipt(object.payload);
  checkSigned(crypto, object, { publicKey: device.signingKey, invalid: 'receipt-signature-invalid' });
  const { thumbprint, licenseId, jobId, manifestDigest, fresh, nonce } = receipt;
  if (!equalBytes(thumbprint, device.thumbprint) || !equalBytes(thumbprint, license.thumbprint))
    throw new Fault('receipt-device-wrong');
  if (!equalBytes(licenseId, license.licenseId) || !equalBytes(jobId, license.jobId))
    throw new Fault('receipt-license-wrong');
  if (
    !equalBytes(manifestDigest, license.manifestDigest) ||
    !equalBytes(license.manifestDigest, manifest.digest)
  )
    throw new Fault('receipt-manifest-wrong');
  if (!holdsManifest(receipt, manifest)) throw new Fault('receipt-digest-wrong');
  const expected = fresh ? challenge : license.receiptNonce;
  if (!expected || !equalBytes(nonce, expected)) throw new Fault('receipt-challenge-wrong');
  if (receipt.result !== 0) throw new Fault('receipt-result-bad', { result: receipt.result });
  return { ...receipt, digest: digestOf(crypto, object) };
}

/** Signs a receipt as a chip does; for chips of software and for tests. */
export function makeReceipt(crypto: Crypto, signer: CoseSigner, receipt: Receipt): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [10, receipt.nonce],
      [256, concatBytes(Uint8Array.of(1), receipt.thumbprint)],
      [263, debugStatus[receipt.readoutLevel]],
      [265, profile],
      [-70001, receipt.fresh],
      [-70002, receipt.manifestDigest],
      [-70003, receipt.licenseId],
      [-70004, receipt.jobId],
      [-70005, receipt.installCount],
      [-70006, [...receipt.areas]],
      [-70007, encodeOptionValues(receipt.optionBytes)],
      [-70008, receipt.securityCounter],
      [-70009, receipt.readoutLevel],
      [-70010, receipt.result],
      [-70011, receipt.agentVersion],
      [-70012, receipt.chipId],
      [-70013, receipt.unprotected],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: receiptTyp, payload });
}
