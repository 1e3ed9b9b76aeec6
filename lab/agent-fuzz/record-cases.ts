// One package with records for fuzzing: that of the vectors, opened once with real cryptography
// and sealed again under the stand-in's, with a chain of hashes and signatures that are right.
// And its records with one change.

import { type Bytes, concatBytes, fromHex, Secret } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto } from '@firmseal/crypto-node';
import {
  decodeHeader,
  type Manifest,
  openRecords,
  packageKeys,
  planRecords,
  recordNonce,
  splitPackage,
  verifyHeader,
} from '@firmseal/seal';
import { headerWith, manifestPayloadOf } from './differential-cases.ts';
import { product, root, vectorsOf } from './fuzz-device.ts';
import { type FuzzRandom, mutated } from './mutate.ts';
import { standInCrypto, standInTag } from './stand-in-crypto.ts';

const trust = { rootPublicKey: root.publicKey, product, epoch: 1 };
const sealed = vectorsOf('package/open.json').cases[0] as { file: string; contentKey: string };
const contentKey = fromHex(sealed.contentKey);

export interface RecordedPackage {
  readonly header: Bytes;
  readonly payload: Bytes;
  readonly manifest: Manifest;
  readonly contentKey: Bytes;
  readonly plaintexts: readonly Bytes[];
  readonly records: readonly Bytes[];
}

/** The manifest of a header that the stand-in's keys signed. */
export const manifestIn = (header: Bytes): Manifest =>
  verifyHeader(standInCrypto, decodeHeader(header), trust).manifest;

function plaintextsOf(file: Bytes, manifest: Manifest): Bytes[] {
  const { recordsOffset } = splitPackage(file);
  const plaintexts: Bytes[] = [];
  const inputs = { file, recordsOffset, manifest, contentKey: new Secret(contentKey.slice()) };
  openRecords(nodeCrypto, inputs, ({ plaintext }) => plaintexts.push(Uint8Array.from(plaintext)));
  return plaintexts;
}

function sameLength(bytes: Bytes, length: number): Bytes {
  const whole = new Uint8Array(length);
  whole.set(bytes.subarray(0, length));
  return whole;
}

/**
 * What is changed, of which record: a chunk or the next hash before its tag and hash are made, the
 * record after its tag or after its hash.
 */
type RecordChange = 'chunk' | 'next' | 'record' | 'nothing-signed';

/** Chains records from the last to the first; gives them and the hash of the first. */
function chain(
  manifest: Manifest,
  plaintexts: readonly Bytes[],
  change?: { index: number; kind: RecordChange; random: FuzzRandom },
): { records: Bytes[]; firstRecordHash: Bytes } {
  const { salt, coreDigest } = manifest;
  const keys = packageKeys(standInCrypto, { contentKey: new Secret(contentKey.slice()), salt, coreDigest });
  const plans = [...planRecords(manifest.core)];
  const records: Bytes[] = [];
  let next = new Uint8Array(32);
  for (let i = plans.length - 1; i >= 0; i--) {
    const plan = plans[i]!;
    const changed = (kind: RecordChange, bytes: Bytes) =>
      change?.index === i && change.kind === kind
        ? sameLength(mutated(bytes, change.random), bytes.length)
        : bytes;
    const chunk = changed('chunk', plaintexts[i]!);
    const tag = standInTag(keys.areaKey(plan.areaOrdinal), recordNonce(plan), coreDigest, chunk);
    const record = changed('record', concatBytes(changed('next', next), chunk, tag));
    next = standInCrypto.sha256(record);
    records[i] = changed('nothing-signed', record);
  }
  return { records, firstRecordHash: next };
}

type Fields = Map<number, CborInput>;
const fieldsOf = (bytes: Bytes): Fields => decodeCbor(bytes, { maxBytes: bytes.length }) as Fields;

/** The package that the vectors begin with, and where `changes` are given with those values in its core. */
export function recordedPackage(changes: ReadonlyMap<number, CborInput> = new Map()): RecordedPackage {
  const file = fromHex(sealed.file);
  const before = manifestPayloadOf(file);
  const plaintexts = plaintextsOf(file, manifestIn(headerWith(before)));
  const fields = fieldsOf(before);
  if (changes.size > 0) {
    const core = encodeCbor(new Map([...fieldsOf(fields.get(0) as Bytes), ...changes]));
    const coreDigest = standInCrypto.sha256(core);
    const salt = fields.get(3) as Bytes;
    const keys = packageKeys(standInCrypto, { contentKey: new Secret(contentKey.slice()), salt, coreDigest });
    fields.set(0, core).set(4, keys.commitment);
  }
  const { records, firstRecordHash } = chain(manifestIn(headerWith(encodeCbor(fields))), plaintexts);
  fields.set(1, firstRecordHash);
  const payload = encodeCbor(fields);
  const header = headerWith(payload);
  return { header, payload, manifest: manifestIn(header), contentKey, plaintexts, records };
}

/**
 * The records of the package with at most one change, and the hash that the first of them has or should have.
 */
export function recordsCase(random: FuzzRandom, { manifest, plaintexts }: RecordedPackage) {
  const index = random.below(plaintexts.length + 1);
  const kind = random.pick(['chunk', 'next', 'record', 'nothing-signed'] as const);
  return chain(manifest, plaintexts, { index, kind, random });
}
