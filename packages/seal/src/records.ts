// Records: one chunk each, chained by hashes from the signed manifest to a final zero hash.
// spec/package.md section 5 and step 12 of its checks. Sealing goes from the last record to the first,
// since a record holds the next one's hash.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { ManifestCore } from './core.ts';
import type { Manifest } from './manifest.ts';
import { type PlannedRecord, planRecords, recordOverheadBytes } from './record-plan.ts';

export const hashBytes = 32;

/** u32be(area ordinal) || u32be(chunk index) || 00 00 00 || last; 12 bytes. */
export function recordNonce(record: PlannedRecord): Bytes {
  const { areaOrdinal, chunkIndex, lastOfArea } = record;
  const nonce = new Uint8Array(12);
  // Byte by byte, since a view of its own for each record costs as much as its hash's call.
  for (let i = 0; i < 4; i++) {
    nonce[i] = areaOrdinal >>> (24 - 8 * i);
    nonce[4 + i] = chunkIndex >>> (24 - 8 * i);
  }
  nonce[11] = lastOfArea ? 1 : 0;
  return nonce;
}

export interface FileRecord {
  readonly plan: PlannedRecord;
  /** A view into the file. */
  readonly bytes: Uint8Array;
}

/**
 * The records of a file by their planned lengths. Throws `package-truncated`;
 * `package-overlong` after the last.
 */
export function* fileRecords(
  file: Uint8Array,
  recordsOffset: number,
  core: ManifestCore,
): Generator<FileRecord> {
  let offset = recordsOffset;
  for (const plan of planRecords(core)) {
    const end = offset + recordOverheadBytes + plan.chunkLengthBytes;
    if (end > file.length) throw new Fault('package-truncated', { record: plan.index });
    yield { plan, bytes: file.subarray(offset, end) };
    offset = end;
  }
  if (offset !== file.length) throw new Fault('package-overlong', { extraBytes: file.length - offset });
}

/** The same with the index alone, as a programmer sends them. No cryptography. */
export function* iterateRecords(
  file: Uint8Array,
  recordsOffset: number,
  core: ManifestCore,
): Generator<{ index: number; bytes: Uint8Array }> {
  for (const { plan, bytes } of fileRecords(file, recordsOffset, core)) yield { index: plan.index, bytes };
}

/** Follows the chain of hashes; one instance a pass over the records, in order. */
export class RecordChain {
  readonly #crypto: Crypto;
  #expected: Uint8Array;

  constructor(crypto: Crypto, manifest: Pick<Manifest, 'firstRecordHash'>) {
    this.#crypto = crypto;
    this.#expected = manifest.firstRecordHash;
  }

  /** The record is the one that was announced. Throws `record-hash-wrong`. */
  checkHash({ plan, bytes }: FileRecord): void {
    if (!equalBytes(this.#crypto.sha256(bytes), this.#expected))
      throw new Fault('record-hash-wrong', { record: plan.index });
  }

  /** Takes over the hash that the record announces: zero exactly in the last. Throws `record-hash-wrong`. */
  advance({ plan, bytes }: FileRecord): void {
    const next = bytes.slice(0, hashBytes);
    if (next.every((byte) => byte === 0) !== plan.lastOfPackage)
      throw new Fault('record-hash-wrong', { record: plan.index });
    this.#expected = next;
  }
}

/**
 * Hashes and lengths of all records, without the content key. Throws what fileRecords and RecordChain throw.
 */
export function verifyRecords(
  crypto: Crypto,
  file: Uint8Array,
  recordsOffset: number,
  manifest: Manifest,
): void {
  const chain = new RecordChain(crypto, manifest);
  for (const record of fileRecords(file, recordsOffset, manifest.core)) {
    chain.checkHash(record);
    chain.advance(record);
  }
}

/** Plaintext of a record whose hash was checked. Throws `record-tag-wrong`. */
export function openRecord(
  crypto: Crypto,
  record: FileRecord,
  keys: { areaKey: Uint8Array; coreDigest: Uint8Array },
): Bytes {
  const plaintext = crypto.aes256GcmOpen({
    key: keys.areaKey,
    nonce: recordNonce(record.plan),
    aad: keys.coreDigest,
    sealed: record.bytes.subarray(hashBytes),
  });
  if (!plaintext) throw new Fault('record-tag-wrong', { record: record.plan.index });
  return plaintext;
}

/** Writes ciphertext and tag of a chunk `into` the part of its record behind the next hash. */
export function sealChunk(
  crypto: Crypto,
  chunk: { plan: PlannedRecord; plaintext: Uint8Array; into: Bytes },
  keys: { areaKey: Uint8Array; coreDigest: Uint8Array },
): void {
  crypto.aes256GcmSeal({
    key: keys.areaKey,
    nonce: recordNonce(chunk.plan),
    aad: keys.coreDigest,
    plaintext: chunk.plaintext,
    into: chunk.into,
  });
}
