// Whether a license stands in the ledger: its proof (spec/ledger.md section 6) leads to an entry that tells
// of this license and no other, under a checkpoint that the reader's own keys verify.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { digestOf, openSigned, type SignedKind } from '@firmseal/formats';
import { type LedgerTrust, type ProvenEntry, verifyLedgerProof } from '@firmseal/ledger';
import { readLicenseBundle } from './bundle.ts';
import { licenseKind } from './issue-license.ts';

type ProofCrypto = Crypto & Pick<Ed25519, 'verifyEd25519'>;

/** Digest of the license in a bundle, whose signature is for others to verify. Throws `license-malformed`. */
export const licenseDigestOf = (crypto: Crypto, bundle: Uint8Array, kind: SignedKind = licenseKind): Bytes =>
  digestOf(crypto, openSigned(readLicenseBundle(bundle).license, kind));

export interface LoggedLicense {
  /** Text of the proof as bytes; undefined when none came. */
  readonly proof: Uint8Array | undefined;
  /** Of the license as an object. */
  readonly digest: Uint8Array;
  readonly jobId: Uint8Array;
  readonly unitIndex: number;
}

/**
 * The entry of the license. Throws `license-proof-missing`, what verifyLedgerProof throws, and
 * `ledger-entry-wrong`.
 */
export function verifyLicenseProof(
  crypto: ProofCrypto,
  { proof, digest, jobId, unitIndex }: LoggedLicense,
  trust: LedgerTrust,
): ProvenEntry {
  if (proof === undefined) throw new Fault('license-proof-missing');
  const entry = verifyLedgerProof(crypto, new TextDecoder().decode(proof), trust);
  const same = (name: string, due: Uint8Array) => {
    const found = entry.fields[name];
    if (!(found instanceof Uint8Array) || !equalBytes(found, due))
      throw new Fault('ledger-entry-wrong', { what: 'license', problem: `it names another ${name}` });
  };
  if (entry.kind !== 'license-issued')
    throw new Fault('ledger-entry-wrong', { what: 'license', problem: `its kind is ${entry.kind}` });
  same('digest', digest);
  same('job', jobId);
  if (entry.fields['unit'] !== unitIndex)
    throw new Fault('ledger-entry-wrong', { what: 'license', problem: 'it names another unit' });
  return entry;
}

/**
 * The same for a receipt: an entry tells of it. Throws what verifyLedgerProof throws, `ledger-entry-wrong`.
 */
export function verifyReceiptProof(
  crypto: ProofCrypto,
  { proof, digest }: { proof: string; digest: Uint8Array },
  trust: LedgerTrust,
): ProvenEntry {
  const entry = verifyLedgerProof(crypto, proof, trust);
  const found = entry.fields['receipt'];
  if (entry.kind !== 'receipt-stored' || !(found instanceof Uint8Array) || !equalBytes(found, digest))
    throw new Fault('ledger-entry-wrong', { what: 'receipt', problem: 'it tells of something else' });
  return entry;
}
