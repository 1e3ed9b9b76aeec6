// One receipt, checked on its own: what was installed where, by nothing but the root's public key and a
// receipt file (spec/receipt.md section 5). The audit is for what one receipt cannot show: quota,
// and that the authority knows of it.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type Origin, verifyAuthority } from '@firmseal/formats';
import {
  claimedLicense,
  judgeReceipt,
  type Outcome,
  parseReceiptUnverified,
  readReceiptFile,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import { decodeHeader, verifyHeader } from '@firmseal/seal';

/** What the chip signed, and what the owner's root stands for. */
export interface ProvenReceipt {
  readonly product: string;
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly manifestDigest: string;
  readonly thumbprint: string;
  readonly chip: string;
  readonly origin: Origin;
  readonly readoutLevel: number;
  readonly agentVersion: number;
  readonly installCount: number;
  /** What the install is called (spec/receipt.md section 4). */
  readonly outcome: Outcome;
  /** The chip answered a challenge. Who gave the challenge, the file cannot prove. */
  readonly fresh: boolean;
  readonly receiptDigest: string;
  readonly job: string;
  readonly license: string;
  /** Of the quota; undefined when the file lacks the license, which is then only what the chip names. */
  readonly unitIndex: number | undefined;
  /** By the clock of the machine that kept the file; nobody signed it. */
  readonly keptAtMs: number;
}

export interface ReceiptTrust {
  /** SEC 1 uncompressed, 65 bytes. */
  readonly rootPublicKey: Uint8Array;
  /** Undefined: whatever product the root delegated. */
  readonly product?: string | undefined;
  /** Undefined: whatever package the receipt is for. */
  readonly manifestDigest?: Uint8Array | undefined;
}

/**
 * Returns only when every check held. A delegation that was ended by a later epoch still counts for what was
 * signed under it. Throws `receipt-file-malformed`; the faults of delegations, certificate, package header,
 * license and receipt; `receipt-package-wrong`; and `receipt-license-wrong` for a receipt that is not fresh
 * in a file without its license.
 */
export function verifyReceiptFile(crypto: Crypto, bytes: Uint8Array, trust: ReceiptTrust): ProvenReceipt {
  const file = readReceiptFile(bytes);
  const keptAtMs = file.keptAtSeconds * 1000;
  const { rootPublicKey } = trust;
  const { delegate, trust: ofCa } = verifyAuthority(
    crypto,
    { delegation: file.deviceCaDelegation },
    {
      ...{ rootPublicKey, role: 'device-ca' },
      ...(trust.product === undefined ? {} : { product: trust.product }),
    },
  );
  const { product } = ofCa;
  const caTrust = { product, deviceCaKeys: [delegate.publicKey] };
  const device = verifyDevice(crypto, caTrust, { certificate: file.certificate, atMs: keptAtMs });
  const { manifest } = verifyHeader(crypto, decodeHeader(file.header), { rootPublicKey, product });
  const asked = trust.manifestDigest;
  if (asked !== undefined && !equalBytes(asked, manifest.digest))
    throw new Fault('receipt-package-wrong', { found: toHex(manifest.digest), asked: toHex(asked) });
  const license =
    file.bundle === undefined
      ? undefined
      : verifyLicense(crypto, { bundle: file.bundle, ...{ rootPublicKey, product, epoch: 0 } });
  const claimed = parseReceiptUnverified(file.receipt);
  if (license === undefined && !claimed.fresh) throw new Fault('receipt-license-wrong');
  const challenge: { challenge?: Bytes } = file.challenge ? { challenge: file.challenge } : {};
  const receipt = verifyReceipt(crypto, {
    ...{ receipt: file.receipt, device, manifest, ...challenge },
    license: license ?? claimedLicense(claimed, { manifest, device }),
  });
  const { outcome } = judgeReceipt({ manifest, receipt, device, accepts: [] });
  const { readoutLevel, agentVersion, installCount, fresh } = receipt;
  const { firmwareVersion, securityCounter } = manifest.core;
  return {
    ...{ product, firmwareVersion, securityCounter, outcome, fresh, keptAtMs },
    ...{ readoutLevel, agentVersion, installCount, chip: device.chipId, origin: device.origin },
    manifestDigest: toHex(manifest.digest),
    thumbprint: toHex(device.thumbprint),
    receiptDigest: toHex(receipt.digest),
    job: toHex(receipt.jobId),
    license: toHex(receipt.licenseId),
    unitIndex: license?.terms.unitIndex,
  };
}
