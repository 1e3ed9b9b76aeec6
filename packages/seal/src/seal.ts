// Seals a package: spec/package.md sections 2, 4 and 5. One pass over the plaintext for its digest,
// then one chunk at a time from the last record to the first, into one array; memory beside plaintext
// and package does not grow with them.

import { type Bytes, equalBytes, type Secret } from '@firmseal/bytes';
import { type CoseSigner, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { checkCounterCap, type Delegation, grantOf, verifyAuthority } from '@firmseal/formats';
import { type Area, hasRecords } from './areas.ts';
import { encodeCore, type ManifestCore } from './core.ts';
import {
  deriveContentKey,
  freshRandomnessBytes,
  type HashedArea,
  type PackageKeys,
  packageKeys,
  plaintextDigest,
} from './key-schedule.ts';
import {
  coreDigestOf,
  decodeManifestPayload,
  encodeManifestPayload,
  finishCore,
  type Manifest,
  manifestKind,
} from './manifest.ts';
import { encodeFileStart, encodeHeader, splitPackage } from './package-file.ts';
import { type PlannedRecord, planRecords, recordOverheadBytes } from './record-plan.ts';
import { hashBytes, openRecord, RecordChain, sealChunk } from './records.ts';
import { verifyManifest } from './verify-header.ts';

export interface SealArea {
  readonly area: Area;
  /** Firmware only: exactly as long as the area. Not changed, not kept. */
  readonly plaintext?: Uint8Array;
}

export interface SealInputs {
  readonly core: Omit<ManifestCore, 'formatVersion' | 'suite' | 'areas'>;
  /** Ascending by address. */
  readonly areas: readonly SealArea[];
  readonly signer: CoseSigner;
  /** Of the signer, by the root. */
  readonly delegation: Bytes;
  /** The root of before the successions, when there are any. */
  readonly rootPublicKey: Uint8Array;
  /** Encoded epoch statement, successions and license bundle that shall travel in the header. */
  readonly epoch?: Bytes;
  readonly successions?: readonly Bytes[];
  readonly license?: Bytes;
  /** 32 bytes for test vectors; left out, they are drawn from `crypto`. */
  readonly randomness?: Uint8Array;
}

export interface SealedPackage {
  /** The file, in order: all ahead of the records, and the records. */
  readonly parts: readonly [start: Bytes, records: Bytes];
  /** The caller's to wipe. */
  readonly contentKey: Secret;
  readonly manifestDigest: Bytes;
  readonly manifest: Manifest;
}

interface FirmwareArea extends HashedArea {
  readonly ordinal: number;
  readonly plaintext: Uint8Array;
}

/** The areas with content, each hashed once: content key and keyed digests both start from that hash. */
function firmwareAreas(crypto: Crypto, areas: readonly SealArea[]): FirmwareArea[] {
  const found: FirmwareArea[] = [];
  for (const [ordinal, { area, plaintext }] of areas.entries()) {
    const expected = hasRecords(area) ? area.lengthBytes : 0;
    if ((plaintext?.length ?? 0) !== expected)
      throw new Fault('area-content-wrong', { area: ordinal, found: plaintext?.length ?? 0, expected });
    if (plaintext && expected > 0)
      found.push({ ordinal, ...area, plaintext, hash: crypto.sha256(plaintext) });
  }
  return found;
}

/** What a reader would refuse is refused before any work; the reader's own words are in the sentence. */
function checkCore(core: ManifestCore, coreBytes: Bytes): void {
  const filler = new Uint8Array(hashBytes).fill(1);
  const payload = encodeManifestPayload({
    coreBytes,
    firstRecordHash: filler,
    areaDigests: core.areas.map((area) => (hasRecords(area) ? filler : null)),
    salt: filler,
    commitment: filler,
    grant: filler,
  });
  try {
    finishCore(decodeManifestPayload(payload));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const inner = cause.cause instanceof Fault ? ` ${cause.cause.message}` : '';
    throw new Fault('seal-input-refused', { detail: cause.message + inner }, { cause });
  }
}

/**
 * Two draws must differ: a generator that stands still is noticed here and not by whoever breaks the package.
 */
function drawRandomness(crypto: Crypto): Uint8Array {
  const randomness = crypto.randomBytes(freshRandomnessBytes);
  if (equalBytes(randomness, crypto.randomBytes(freshRandomnessBytes))) throw new Fault('randomness-broken');
  return randomness;
}

interface Sealing {
  readonly core: ManifestCore;
  readonly coreDigest: Bytes;
  readonly keys: PackageKeys;
  readonly firmware: readonly FirmwareArea[];
}

/** All records in one array, written from its end to its start, and the hash of the first. */
function sealRecords(crypto: Crypto, { core, coreDigest, keys, firmware }: Sealing) {
  const plan = [...planRecords(core)];
  const size = plan.reduce((sum, record) => sum + recordOverheadBytes + record.chunkLengthBytes, 0);
  const records = new Uint8Array(size);
  const byOrdinal = new Map(
    firmware.map(({ ordinal, plaintext }) => [ordinal, { plaintext, areaKey: keys.areaKey(ordinal) }]),
  );
  let end = size;
  let next: Uint8Array = new Uint8Array(hashBytes);
  for (const record of plan.reverse()) {
    const { plaintext, areaKey } = byOrdinal.get(record.areaOrdinal)!;
    const chunk = plaintext.subarray(record.offset, record.offset + record.chunkLengthBytes);
    const start = end - recordOverheadBytes - record.chunkLengthBytes;
    records.set(next, start);
    const into = records.subarray(start + hashBytes, end);
    sealChunk(crypto, { plan: record, plaintext: chunk, into }, { areaKey, coreDigest });
    next = crypto.sha256(records.subarray(start, end));
    end = start;
  }
  for (const { areaKey } of byOrdinal.values()) areaKey.fill(0);
  return { records, firstRecordHash: next as Bytes };
}

/** The finished package as its reader sees it: header, commitment, and the first record. */
function selfCheck(
  crypto: Crypto,
  made: { start: Bytes; records: Bytes; keys: PackageKeys; inputs: SealInputs; delegate: Delegation },
): Manifest {
  const { start, records, keys, inputs, delegate } = made;
  try {
    const { header } = splitPackage(start);
    // The delegation was verified before the work began; here it only has to be the same one.
    if (!equalBytes(header.delegation, inputs.delegation)) throw new Fault('package-malformed');
    const manifest = verifyManifest(crypto, header.manifest, delegate);
    if (!equalBytes(manifest.commitment, keys.commitment)) throw new Fault('key-commitment-wrong');
    const plan = planRecords(manifest.core).next().value as PlannedRecord;
    const record = { plan, bytes: records.subarray(0, recordOverheadBytes + plan.chunkLengthBytes) };
    new RecordChain(crypto, manifest).checkHash(record);
    const areaKey = keys.areaKey(plan.areaOrdinal);
    const chunk = openRecord(crypto, record, { areaKey, coreDigest: manifest.coreDigest });
    if (!equalBytes(chunk, inputs.areas[plan.areaOrdinal]!.plaintext!.subarray(0, chunk.length)))
      throw new Fault('area-digest-wrong');
    return manifest;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('seal-self-check-failed', { detail }, { cause });
  }
}

/**
 * Seals. The plaintexts are read, not kept. Throws `area-content-wrong`, `seal-input-refused`, the delegation
 * and epoch faults, `signer-not-delegated`, `randomness-broken`, `package-header-too-large`,
 * `seal-self-check-failed` (a signer that signs wrongly, too).
 */
export async function sealPackage(crypto: Crypto, inputs: SealInputs): Promise<SealedPackage> {
  const { signer, delegation, rootPublicKey, epoch, successions = [], license } = inputs;
  const firmware = firmwareAreas(crypto, inputs.areas);
  const areas = inputs.areas.map(({ area }) => area);
  const core: ManifestCore = { formatVersion: 1, suite: 1, ...inputs.core, areas };
  const coreBytes = encodeCore(core);
  checkCore(core, coreBytes);
  const { delegate } = verifyAuthority(
    crypto,
    { delegation, epochStatement: epoch, successions },
    { rootPublicKey, role: 'package-signer', product: core.product },
  );
  checkCounterCap(delegate, core.securityCounter);
  if (!equalBytes(signer.publicKey, delegate.publicKey)) throw new Fault('signer-not-delegated');

  const coreDigest = coreDigestOf(crypto, coreBytes);
  const { contentKey, salt } = deriveContentKey(crypto, {
    randomness: inputs.randomness ?? drawRandomness(crypto),
    coreDigest,
    plaintextDigest: plaintextDigest(crypto, firmware),
  });
  const keys = packageKeys(crypto, { contentKey, salt, coreDigest });
  const { records, firstRecordHash } = sealRecords(crypto, { core, coreDigest, keys, firmware });
  const areaDigests: (Bytes | null)[] = areas.map(() => null);
  for (const { ordinal, hash } of firmware) areaDigests[ordinal] = keys.areaDigest(ordinal, hash);
  const payload = encodeManifestPayload({
    coreBytes,
    firstRecordHash,
    areaDigests,
    salt,
    commitment: keys.commitment,
    grant: grantOf(crypto, delegate),
  });
  // Verified with the finished file, below.
  const signed = await signCoseWith(crypto, { signer, typ: manifestKind.typ, payload, callerVerifies: true });
  const header = {
    manifest: signed,
    ...{ delegation, successions },
    ...(epoch ? { epoch } : {}),
    ...(license ? { license } : {}),
  };
  const start = encodeFileStart(encodeHeader(header));
  const manifest = selfCheck(crypto, { start, records, keys, inputs, delegate });
  return { parts: [start, records], contentKey, manifestDigest: manifest.digest, manifest };
}
