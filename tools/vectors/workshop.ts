// Makes packages and takes them apart for the vectors: a valid one is sealed by the product's own code, then
// decoded to maps that a case changes, and put together and signed again with the fixed keys.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor, openCose, signatureInput } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type Delegation, makeDelegation, makeEpochStatement, makeSuccession } from '@firmseal/formats';
import {
  encodeFileStart,
  iterateRecords,
  manifestKind,
  type SealInputs,
  sealPackage,
  splitPackage,
} from '@firmseal/seal';
import { keyPair, seededBytes, signerOf, type VectorKeyName } from './vector-keys.ts';

export const product = 'thermostat';
export const decode = (bytes: Uint8Array) => decodeCbor(bytes, { maxBytes: bytes.length });
export type Fields = Map<number, CborInput>;

/** A COSE_Sign1 with any part changed: the shell as it should be unless `change` says otherwise. */
export interface ShellChange {
  readonly typ?: string;
  readonly protectedHeader?: Uint8Array;
  readonly unprotected?: CborInput;
  readonly payload?: CborInput;
  readonly signature?: Uint8Array;
  readonly tag?: number;
  readonly by?: VectorKeyName;
  readonly highS?: boolean;
}

export function signShell(
  typ: string,
  payload: Uint8Array,
  by: VectorKeyName,
  change: ShellChange = {},
): Bytes {
  const header = encodeCbor(
    new Map<number, CborInput>([
      [1, -7],
      [16, change.typ ?? typ],
    ]),
  );
  const message = signatureInput(change.typ ?? typ, payload);
  const signature = signerOf(change.by ?? by, change.highS).sign(message);
  const body = encodeCbor([
    change.protectedHeader ?? header,
    change.unprotected ?? new Map(),
    change.payload === undefined ? payload : change.payload,
    change.signature ?? signature,
  ]);
  return concatBytes(Uint8Array.of(0xc0 | (change.tag ?? 18)), body);
}

export function delegate(change: Partial<Delegation> = {}, by: VectorKeyName = 'root'): Promise<Bytes> {
  return makeDelegation(crypto, signerOf(by), {
    role: 'package-signer',
    publicKey: keyPair('package signer').publicKey,
    product,
    counterCap: 40,
    epoch: 1,
    ...change,
  });
}

export const epochStatement = (epoch: number, of = product, by: VectorKeyName = 'root') =>
  makeEpochStatement(crypto, signerOf(by), { product: of, epoch });

/** Of the root by the second root. */
export const succession = (epoch: number, of = product) =>
  makeSuccession(crypto, signerOf('root'), {
    ...{ product: of, publicKey: keyPair('second root').publicKey, epoch },
  });

/**
 * A package in pieces. `core` and `payload` are maps by key; the core stands in the
 * payload when it is put together.
 */
export interface Pieces {
  core: Fields;
  payload: Fields;
  records: Bytes[];
  delegation: Bytes;
  epoch: Bytes | null;
  successions: Bytes[];
  license: Bytes | null;
  readonly contentKey: Bytes;
}

const defaultCore: SealInputs['core'] = {
  product,
  chips: ['stm32f427'],
  firmwareVersion: '1.2.3',
  securityCounter: 5,
  chunkSizeBytes: 1024,
  entry: 0x08040000,
  optionBytes: [],
  leastReadoutLevel: 2,
  interruption: 'resume',
  leastAgentVersion: 1,
  bootCheck: 'record',
};

const firmware = (address: number, lengthBytes: number) => ({
  area: { kind: 'firmware' as const, address, lengthBytes },
  plaintext: seededBytes(`firmware ${address}`, lengthBytes),
});

/** Two areas of firmware, 1120 and 2048 bytes: four records. */
const defaultAreas: SealInputs['areas'] = [firmware(0x08040000, 1120), firmware(0x08080000, 2048)];
export const otherAreas: SealInputs['areas'] = [
  firmware(0x08100000, 96),
  { area: { kind: 'device-data', address: 0x08180000, lengthBytes: 32 } },
  { area: { kind: 'generated-keys', address: 0x081a0000, lengthBytes: 64, onUpdate: 'keep' } },
];

export async function pieces(
  change: {
    core?: Partial<SealInputs['core']>;
    areas?: SealInputs['areas'];
    epoch?: Bytes;
    delegation?: Bytes;
    successions?: Bytes[];
    /** Left out, always the same. */
    randomness?: Bytes;
  } = {},
): Promise<Pieces> {
  const sealed = await sealPackage(crypto, {
    core: { ...defaultCore, ...change.core },
    areas: change.areas ?? defaultAreas,
    signer: signerOf('package signer'),
    delegation: change.delegation ?? (await delegate()),
    rootPublicKey: keyPair('root').publicKey,
    ...(change.epoch ? { epoch: change.epoch } : {}),
    ...(change.successions ? { successions: change.successions } : {}),
    randomness: change.randomness ?? seededBytes('content randomness', 32),
  });
  const file = concatBytes(...sealed.parts);
  const { header, recordsOffset } = splitPackage(file);
  const payload = decode(openCose(header.manifest, manifestKind.typ).payload) as Fields;
  return {
    core: decode(payload.get(0) as Bytes) as Fields,
    payload,
    records: [...iterateRecords(file, recordsOffset, sealed.manifest.core)].map(({ bytes }) => bytes.slice()),
    delegation: header.delegation,
    epoch: header.epoch ?? null,
    successions: [...header.successions],
    license: null,
    contentKey: sealed.contentKey.expose(),
  };
}

export interface Assembly {
  /** Instead of the encoded map of the core. */
  readonly coreBytes?: Uint8Array;
  /** Instead of the encoded map of the payload. */
  readonly payloadBytes?: Uint8Array;
  readonly shell?: ShellChange;
  /** Instead of the signed manifest. */
  readonly manifest?: Uint8Array;
  /** Instead of the array of five. */
  readonly headerBytes?: Uint8Array;
  /** Header alone: where the outcome is met before the first record. */
  readonly withoutRecords?: boolean;
}

export function signManifest(parts: Pieces, change: Assembly = {}): Bytes {
  parts.payload.set(0, change.coreBytes ?? encodeCbor(parts.core));
  const payload = change.payloadBytes ?? encodeCbor(parts.payload);
  return signShell(manifestKind.typ, payload, 'package signer', change.shell);
}

export function assemble(parts: Pieces, change: Assembly = {}): Bytes {
  const { delegation, epoch, successions, license } = parts;
  const manifest = change.manifest ?? signManifest(parts, change);
  const headerBytes = change.headerBytes ?? encodeCbor([manifest, delegation, epoch, successions, license]);
  return concatBytes(encodeFileStart(headerBytes), ...(change.withoutRecords ? [] : parts.records));
}

/** The same but for one bit of its last byte. */
export function flipLast(bytes: Bytes): Bytes {
  const changed = bytes.slice();
  changed[changed.length - 1]! ^= 1;
  return changed;
}

/**
 * Chains the records again from the last to the first, leaving out the last hash, and
 * sets the first in the payload.
 */
export function rechain(parts: Pieces, from = parts.records.length - 2): void {
  for (let i = from; i >= 0; i--) parts.records[i]!.set(crypto.sha256(parts.records[i + 1]!), 0);
  parts.payload.set(1, crypto.sha256(parts.records[0]!));
}
