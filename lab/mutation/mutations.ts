// The damage campaign on a package: every single bit flipped, every truncation, every exchange, repetition,
// loss and replacement of records, each with the outcomes that spec/package.md section 6 allows for its
// place. For any reader: the product's own (campaign.test.ts), the agent's, another implementation.

import { concatBytes, equalBytes } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { type ManifestCore, recordLengths, splitPackage } from '@firmseal/seal';

export interface Mutation {
  readonly kind: 'bit flip' | 'truncation' | 'exchange' | 'repetition' | 'loss' | 'replacement';
  /** What was damaged and where, to find it again. */
  readonly where: string;
  readonly file: Uint8Array;
  /** Any of these is right; a file that is accepted never is. */
  readonly expected: readonly FaultCode[];
}

interface Region {
  readonly name: string;
  readonly end: number;
  readonly expected: readonly FaultCode[];
}

const signatureBytes = 64;

/** Offset of a part within the whole; both come from the same file. */
function find(whole: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= whole.length; at++)
    if (equalBytes(whole.subarray(at, at + part.length), part)) return at;
  throw new Error('the part does not stand in the file');
}

/**
 * Start of the payload in a signed object: the shell ahead of it has the length of
 * its two heads and its header.
 */
function payloadStart(object: Uint8Array): number {
  // d2 84, protected: 58 nn or 40+n, unprotected: a0, payload: 58 nn or 59 nn nn.
  const header = object[2] === 0x58 ? 4 + object[3]! : 3 + (object[2]! & 31);
  return header + 1 + (object[header + 1] === 0x59 ? 3 : 2);
}

/**
 * The file from its first byte to its last, cut where the expected outcome changes;
 * the header length is apart.
 */
function regionsOf(file: Uint8Array, core: ManifestCore): Region[] {
  const { header, recordsOffset } = splitPackage(file);
  const manifest = find(file, header.manifest);
  const delegation = find(file, header.delegation);
  const regions: Region[] = [
    { name: 'magic', end: 8, expected: ['package-magic-wrong'] },
    { name: 'header length', end: 12, expected: [] },
    { name: 'header', end: manifest, expected: ['package-malformed'] },
    ...signedRegions('manifest', manifest, header.manifest, ['manifest-signature-invalid']),
    { name: 'header', end: delegation, expected: ['package-malformed'] },
    // The payload of a delegation is read before its signature is checked.
    ...signedRegions('delegation', delegation, header.delegation, [
      'delegation-malformed',
      'delegation-signature-invalid',
    ]),
    { name: 'header', end: recordsOffset, expected: ['package-malformed'] },
  ];
  let end = recordsOffset;
  for (const [i, length] of recordLengths(core).entries()) {
    end += length;
    regions.push({ name: `record ${i}`, end, expected: ['record-hash-wrong'] });
  }
  return regions;
}

function signedRegions(
  name: 'manifest' | 'delegation' | 'license',
  start: number,
  object: Uint8Array,
  payload: readonly FaultCode[],
): Region[] {
  const signature = start + object.length - signatureBytes;
  return [
    { name: `${name} shell`, end: start + payloadStart(object), expected: [`${name}-malformed`] },
    { name: `${name} payload`, end: signature - 2, expected: payload },
    { name: `${name} shell`, end: signature, expected: [`${name}-malformed`] },
    { name: `${name} signature`, end: signature + signatureBytes, expected: [`${name}-signature-invalid`] },
  ];
}

/**
 * License bundle: every bit of it, and every length short of the whole, as a chip meets
 * them (spec/license.md section 4).
 */
export function* licenseMutationsOf(bundle: Uint8Array): Generator<Omit<Mutation, 'kind'>> {
  const [license, delegation] = decodeCbor(bundle, { maxBytes: bundle.length }) as [Uint8Array, Uint8Array];
  const [licenseAt, delegationAt] = [find(bundle, license), find(bundle, delegation)];
  // The payload of a license is read only after its signature was checked.
  const regions: Region[] = [
    { name: 'bundle', end: licenseAt, expected: ['license-malformed'] },
    ...signedRegions('license', licenseAt, license, ['license-signature-invalid']),
    { name: 'bundle', end: delegationAt, expected: ['license-malformed'] },
    ...signedRegions('delegation', delegationAt, delegation, [
      'delegation-malformed',
      'delegation-signature-invalid',
    ]),
    { name: 'bundle', end: bundle.length, expected: ['license-malformed'] },
  ];
  let start = 0;
  for (const { name, end, expected } of regions) {
    for (let bit = 8 * start; bit < 8 * end; bit++) {
      const file = bundle.slice();
      file[bit >>> 3]! ^= 1 << (bit & 7);
      yield { where: `license ${name}, bit ${bit & 7} of byte ${bit >>> 3}`, file, expected };
    }
    start = end;
  }
  for (let length = 0; length < bundle.length; length++)
    yield {
      where: `license cut to ${length} bytes`,
      file: bundle.slice(0, length),
      expected: ['license-malformed'],
    };
}

function headerLengthOutcome(file: Uint8Array): FaultCode {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(8, true);
  if (length > 4096) return 'package-header-too-large';
  return 12 + length > file.length ? 'package-truncated' : 'package-malformed';
}

/** Every bit of the file, one at a time. */
function* bitFlips(file: Uint8Array, core: ManifestCore): Generator<Mutation> {
  let start = 0;
  for (const { name, end, expected } of regionsOf(file, core)) {
    for (let bit = 8 * start; bit < 8 * end; bit++) {
      const changed = file.slice();
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      yield {
        kind: 'bit flip',
        where: `${name}, bit ${bit & 7} of byte ${bit >>> 3}`,
        file: changed,
        expected: expected.length > 0 ? expected : [headerLengthOutcome(changed)],
      };
    }
    start = end;
  }
}

/** Every length short of the whole. */
function* truncations(file: Uint8Array): Generator<Mutation> {
  for (let length = 0; length < file.length; length++)
    yield {
      kind: 'truncation',
      where: `cut to ${length} bytes`,
      file: file.slice(0, length),
      expected: [length < 8 ? 'package-magic-wrong' : 'package-truncated'],
    };
}

/** First place where the records differ from the true ones, as a reader that goes by lengths meets it. */
function recordsOutcome(records: readonly Uint8Array[], changed: Uint8Array): FaultCode | undefined {
  let offset = 0;
  for (const record of records) {
    const found = changed.subarray(offset, offset + record.length);
    if (found.length < record.length) return 'package-truncated';
    if (!equalBytes(found, record)) return 'record-hash-wrong';
    offset += record.length;
  }
  return offset < changed.length ? 'package-overlong' : undefined;
}

/** Records exchanged, repeated, lost, and put in another's place: every pair, every single one. */
function* recordMoves(file: Uint8Array, core: ManifestCore): Generator<Mutation> {
  const { recordsOffset } = splitPackage(file);
  const records: Uint8Array[] = [];
  let offset = recordsOffset;
  for (const length of recordLengths(core)) {
    records.push(file.subarray(offset, offset + length));
    offset += length;
  }

  function* moved(kind: Mutation['kind'], where: string, order: readonly Uint8Array[]): Generator<Mutation> {
    const body = concatBytes(...order);
    const outcome = recordsOutcome(records, body);
    if (outcome)
      yield { kind, where, file: concatBytes(file.subarray(0, recordsOffset), body), expected: [outcome] };
  }
  for (const [i, record] of records.entries()) {
    yield* moved('repetition', `record ${i} twice`, records.toSpliced(i, 0, record));
    yield* moved('loss', `record ${i} missing`, records.toSpliced(i, 1));
    for (const [j, other] of records.entries()) {
      if (i !== j) yield* moved('replacement', `record ${j} in place of ${i}`, records.with(i, other));
      if (i < j)
        yield* moved('exchange', `records ${i} and ${j} exchanged`, records.with(i, other).with(j, record));
    }
  }
}

/** The whole campaign. */
export function* mutationsOf(file: Uint8Array, core: ManifestCore): Generator<Mutation> {
  yield* bitFlips(file, core);
  yield* truncations(file);
  yield* recordMoves(file, core);
}
