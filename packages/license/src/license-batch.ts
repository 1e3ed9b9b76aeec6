// A batch: standing licenses of one job for one package in one file that the license issuer signed, for
// lines without a connection. spec/batch.md. Each license is verified again by whoever uses it.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import {
  arrayOf,
  byteString,
  type CborInput,
  type CoseSigner,
  decodeCbor,
  encodeCbor,
  field,
  integer,
  nullable,
  oneOf,
  signCoseWith,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  readObject,
  type SignedKind,
  type Trust,
  verifyAuthority,
  verifySigned,
  word,
} from '@firmseal/formats';
import { readLicenseBundle } from './bundle.ts';
import { readLicenseTermsUnverified } from './verify-license.ts';

/** Of one batch. */
export const batchLicensesMax = 10_000;
/** Of the whole file. */
export const batchMaxBytes = 64 * 1024 * 1024;
const magic = 'firmseal batch 1';

const listKind: SignedKind = {
  typ: 'application/firmseal-batch',
  payloadMaxBytes: 512,
  malformed: 'batch-malformed',
  invalid: 'batch-signature-invalid',
};

const outer = tuple(
  oneOf(magic),
  byteString(1, 1024),
  nullable(byteString(1, 1024)),
  byteString(1, 1024),
  byteString(1, batchMaxBytes),
);
const bundles = arrayOf(byteString(1, 4096), 1, batchLicensesMax);
const listShape = {
  formatVersion: field(0, oneOf(1)),
  batchId: field(1, bytes16),
  jobId: field(2, bytes16),
  manifestDigest: field(3, bytes32),
  signedAtSeconds: field(4, word),
  notAfterSeconds: field(5, word),
  licenses: field(6, integer(1, batchLicensesMax)),
  digest: field(7, bytes32),
};

export interface BatchFacts {
  /** 16 bytes, never given twice. */
  readonly batchId: Bytes;
  /** 16 bytes. */
  readonly jobId: Bytes;
  readonly manifestDigest: Bytes;
  /** Seconds since 1970, as all times of a batch. */
  readonly signedAtSeconds: number;
  readonly notAfterSeconds: number;
}

export interface LicenseBatch extends BatchFacts {
  /** Encoded bundles by thumbprint, lower-case hexadecimal, in the order of the file. */
  readonly bundles: ReadonlyMap<string, Bytes>;
}

/** What the issuer signs and what it is signed under, all encoded. */
export interface SignedBatchList {
  readonly list: Bytes;
  readonly delegation: Bytes;
  readonly epochStatement?: Bytes | undefined;
}

const encodeBundles = (all: readonly Bytes[]): Bytes => encodeCbor([...all]);

/** The signed list of these bundles (license.md section 1). Throws `cose-signature-invalid`. */
export function signBatchList(
  crypto: Crypto,
  { bundles: all, ...facts }: BatchFacts & { readonly bundles: readonly Bytes[] },
  signer: CoseSigner,
): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, facts.batchId],
      [2, facts.jobId],
      [3, facts.manifestDigest],
      [4, facts.signedAtSeconds],
      [5, facts.notAfterSeconds],
      [6, all.length],
      [7, crypto.sha256(encodeBundles(all))],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: listKind.typ, payload });
}

/** The file of the bundles whose list was signed. */
export function encodeLicenseBatch(
  { list, delegation, epochStatement }: SignedBatchList,
  all: readonly Bytes[],
): Bytes {
  return encodeCbor([magic, delegation, epochStatement ?? null, list, encodeBundles(all)]);
}

/** Whether a file begins as a batch does. */
export const isLicenseBatch = (file: Uint8Array): boolean =>
  equalBytes(
    file.subarray(0, 2 + magic.length),
    encodeCbor([magic, 0, 0, 0, 0]).subarray(0, 2 + magic.length),
  );

/**
 * Steps 1 to 5 of spec/batch.md section 2. `file` names it in faults. The trust is that of the package where
 * it is at hand. Throws `batch-malformed`, the faults of verifyAuthority, `batch-signature-invalid`,
 * `batch-altered`.
 */
export function openLicenseBatch(
  crypto: Crypto,
  { bytes, file, ...trust }: Trust & { readonly bytes: Uint8Array; readonly file: string },
): LicenseBatch {
  const [, delegation, epochStatement, signed, content] = orMalformed(file, 'it cannot be read', () =>
    outer(decodeCbor(bytes, { maxBytes: batchMaxBytes }), 'batch'),
  );
  const given = { delegation, ...(epochStatement ? { epochStatement } : {}) };
  const { delegate } = verifyAuthority(crypto, given, { ...trust, role: 'license-issuer' });
  const { payload } = orMalformed(file, 'its signature cannot be read', () =>
    verifySigned(crypto, signed, { kind: listKind, publicKey: delegate.publicKey }),
  );
  const {
    formatVersion: _,
    licenses,
    digest,
    ...facts
  } = orMalformed(file, 'its list cannot be read', () =>
    readObject(payload, listKind.malformed, 'batch', listShape),
  );
  if (!equalBytes(crypto.sha256(content), digest)) throw new Fault('batch-altered', { file });
  const all = orMalformed(file, 'its licenses cannot be read', () =>
    bundles(decodeCbor(content, { maxBytes: batchMaxBytes }), 'licenses'),
  );
  if (all.length !== licenses) throw malformed(file, 'it has another number of licenses');
  return { ...facts, bundles: byDevice(file, facts, all) };
}

function byDevice(file: string, facts: BatchFacts, all: readonly Bytes[]): ReadonlyMap<string, Bytes> {
  const found = new Map<string, Bytes>();
  for (const [index, bundle] of all.entries()) {
    const terms = orMalformed(file, `license ${index} cannot be read`, () =>
      readLicenseTermsUnverified(readLicenseBundle(bundle).license),
    );
    const device = toHex(terms.thumbprint);
    const fits =
      terms.mode === 'standing' &&
      equalBytes(terms.jobId, facts.jobId) &&
      equalBytes(terms.manifestDigest, facts.manifestDigest) &&
      terms.notAfterSeconds !== undefined &&
      terms.notAfterSeconds <= facts.notAfterSeconds;
    if (!fits) throw malformed(file, `license ${index} is not one of this batch`);
    if (found.has(device)) throw malformed(file, `license ${index} is for a device that has one`);
    found.set(device, bundle);
  }
  return found;
}

/** Step 7. Throws `batch-expired`. */
export function checkBatchDate({ notAfterSeconds }: Pick<BatchFacts, 'notAfterSeconds'>, now: Date): void {
  if (now.getTime() > notAfterSeconds * 1000)
    throw new Fault('batch-expired', {
      notAfter: new Date(notAfterSeconds * 1000).toISOString(),
      now: now.toISOString(),
    });
}

const malformed = (file: string, problem: string, cause?: unknown): Fault =>
  new Fault('batch-malformed', { file, problem }, { cause });

function orMalformed<T>(file: string, problem: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Fault && cause.code === listKind.invalid) throw cause;
    throw malformed(file, problem, cause);
  }
}
