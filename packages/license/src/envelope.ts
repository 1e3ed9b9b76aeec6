// What licenses of every receiver have in common: signed terms, and content key and per-device data sealed to
// one key with the terms as additional data. spec/license.md sections 1 and 2, spec/station.md section 4.

import { type Bytes, equalBytes, Secret } from '@firmseal/bytes';
import {
  arrayOf,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  signCoseWith,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  digestOf,
  type GrownTrust,
  openSigned,
  pointBytes,
  readItem,
  readObject,
  readValue,
  type SignedKind,
  type Trust,
  type VerifiedDelegation,
  verifyAuthority,
  verifySigned,
} from '@firmseal/formats';
import { hpkeOpen, hpkeSeal } from '@firmseal/hpke';
import { type Manifest, openContentKeys } from '@firmseal/seal';
import { readLicenseBundle } from './bundle.ts';

/** What the terms of every kind say. */
interface CommonTerms {
  readonly manifestDigest: Bytes;
  /** Of the issuer's delegation that travels in the bundle, 32 bytes. */
  readonly delegationDigest: Bytes;
  /** Keyed digest of each area of per-device data, in order. */
  readonly deviceDataDigests: readonly Bytes[];
}

/** Terms whose digests sealEnvelope has added. */
type Complete<Terms> = Omit<Terms, 'manifestDigest' | 'deviceDataDigests'> &
  Pick<CommonTerms, 'manifestDigest' | 'deviceDataDigests'>;

/** A kind of license. */
export interface EnvelopeKind<Terms extends CommonTerms> {
  readonly signed: SignedKind;
  /** In messages. */
  readonly name: string;
  /** Of HPKE. */
  readonly info: Bytes;
  readonly encodeTerms: (terms: Complete<Terms>) => Bytes;
  /** Throws what is wrong with them. */
  readonly decodeTerms: (bytes: Uint8Array) => Terms;
  /** The terms name another delegation than the one that travels along. */
  readonly delegationFault: () => Fault;
}

export interface EnvelopeInputs<Terms extends CommonTerms> {
  /** What the issuer does not say here follows from the package and the data. */
  readonly terms: Omit<Terms, 'manifestDigest' | 'deviceDataDigests'>;
  readonly manifest: Manifest;
  /** Of the receiver, 65 bytes. */
  readonly kemKey: Uint8Array;
  readonly contentKey: Secret;
  /** One value for each area of per-device data, in order, each as long as its area. */
  readonly deviceData?: readonly Uint8Array[];
  /** The issuer's. */
  readonly signer: CoseSigner;
  /** For test vectors alone. */
  readonly ephemeral?: KeyPair;
}

/** Terms, with what is sealed to their receiver, as an issuer signed them. */
export interface VerifiedEnvelope<Terms> {
  readonly terms: Terms;
  /** As encoded: the additional data of the envelope. */
  readonly termsBytes: Bytes;
  /** Digest of the signed object: what a chip journals and its receipt binds. */
  readonly digest: Bytes;
  readonly issuer: VerifiedDelegation;
  /** As the bundle leaves it, with the issuer's delegation. */
  readonly trust: GrownTrust;
  readonly enc: Bytes;
  readonly ciphertext: Bytes;
}

const signedShape = {
  termsBytes: field(0, byteString(0, 2048)),
  enc: field(1, pointBytes),
  ciphertext: field(2, byteString(52, 1200)),
};
const sealedShape = tuple(bytes32, arrayOf(byteString(0, 1024), 0, 8));

/** Ordinals of the areas of per-device data. Throws `license-data-wrong` when the data does not fit them. */
function deviceDataAreas({ core }: Manifest, data: readonly Uint8Array[]): number[] {
  const ordinals = [...core.areas.keys()].filter((i) => core.areas[i]!.kind === 'device-data');
  const fits =
    ordinals.length === data.length &&
    ordinals.every((ordinal, i) => core.areas[ordinal]!.lengthBytes === data[i]!.length);
  if (!fits) throw new Fault('license-data-wrong');
  return ordinals;
}

/**
 * The signed license and its terms. Throws `license-data-wrong`, `key-commitment-wrong`,
 * `hpke-recipient-invalid`, `cose-signature-invalid`.
 */
export async function sealEnvelope<Terms extends CommonTerms>(
  crypto: Crypto,
  { signed, info, encodeTerms }: EnvelopeKind<Terms>,
  inputs: EnvelopeInputs<Terms>,
): Promise<{ license: Bytes; terms: Complete<Terms> }> {
  const { manifest, kemKey, contentKey, deviceData = [], signer, ephemeral } = inputs;
  const ordinals = deviceDataAreas(manifest, deviceData);
  const keys = openContentKeys(crypto, manifest, contentKey);
  const terms: Complete<Terms> = {
    ...inputs.terms,
    manifestDigest: manifest.digest,
    deviceDataDigests: ordinals.map((ordinal, i) => keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!))),
  };
  const aad = encodeTerms(terms);
  const plaintext = encodeCbor([contentKey.expose(), [...deviceData]]);
  try {
    const { enc, sealed } = hpkeSeal(crypto, {
      ...{ recipientPublicKey: kemKey, info, aad, plaintext },
      ...(ephemeral ? { ephemeral } : {}),
    });
    const payload = encodeCbor(
      new Map<number, CborInput>([
        [0, aad],
        [1, enc],
        [2, sealed],
      ]),
    );
    return { license: await signCoseWith(crypto, { signer, typ: signed.typ, payload }), terms };
  } finally {
    plaintext.fill(0);
  }
}

/**
 * The terms of a license, and its digest: nothing in them can be believed. Throws as decodeTerms does.
 */
export function readEnvelopeUnverified<Terms extends CommonTerms>(
  crypto: Crypto,
  { signed, name, decodeTerms }: EnvelopeKind<Terms>,
  license: Uint8Array,
): Pick<VerifiedEnvelope<Terms>, 'terms' | 'digest'> {
  const object = openSigned(license, signed);
  const { termsBytes } = readObject(object.payload, signed.malformed, name, signedShape);
  return { terms: decodeTerms(termsBytes), digest: digestOf(crypto, object) };
}

/** The terms of a license alone, for display: nothing in them can be believed. Throws as decodeTerms does. */
export function readTermsUnverified<Terms extends CommonTerms>(
  license: Uint8Array,
  { signed, name, decodeTerms }: EnvelopeKind<Terms>,
): Terms {
  const { payload } = openSigned(license, signed);
  return decodeTerms(readObject(payload, signed.malformed, name, signedShape).termsBytes);
}

/**
 * A bundle under the owner's trust. Throws `license-malformed` for the bundle, the faults of verifyAuthority,
 * of the kind's signature and shape, of its terms, and its fault of another delegation.
 */
export function verifyEnvelope<Terms extends CommonTerms>(
  crypto: Crypto,
  { signed, name, decodeTerms, delegationFault }: EnvelopeKind<Terms>,
  inputs: Trust & { bundle: Uint8Array },
): VerifiedEnvelope<Terms> {
  const { bundle, ...known } = inputs;
  const { license, delegation, epoch: epochStatement } = readLicenseBundle(bundle);
  const { delegate: issuer, trust } = verifyAuthority(
    crypto,
    { delegation, epochStatement },
    { ...known, role: 'license-issuer' },
  );
  const object = verifySigned(crypto, license, { kind: signed, publicKey: issuer.publicKey });
  const shape = readObject(object.payload, signed.malformed, name, signedShape);
  const terms = decodeTerms(shape.termsBytes);
  if (!equalBytes(terms.delegationDigest, issuer.digest)) throw delegationFault();
  return { ...shape, terms, digest: digestOf(crypto, object), issuer, trust };
}

/**
 * What is sealed to the receiver. The caller wipes the content key and the data. Throws
 * `license-unwrap-failed`, `license-data-wrong`, `key-commitment-wrong`, `license-data-wrong` (the data are
 * not those of the digests).
 */
export function openEnvelope<Terms extends CommonTerms>(
  crypto: Crypto,
  { info }: Pick<EnvelopeKind<Terms>, 'info'>,
  inputs: {
    license: Pick<VerifiedEnvelope<Terms>, 'enc' | 'ciphertext' | 'termsBytes' | 'terms'>;
    manifest: Manifest;
    recipient: KeyPair;
  },
): { contentKey: Secret; deviceData: Bytes[] } {
  const { license, manifest, recipient } = inputs;
  const { enc, ciphertext: sealed, termsBytes: aad, terms } = license;
  const plaintext = hpkeOpen(crypto, { recipient, enc, info, aad, sealed });
  if (!plaintext) throw new Fault('license-unwrap-failed');
  try {
    const value = readItem(plaintext, 'license-data-wrong');
    const [key, deviceData] = readValue(value, 'license-data-wrong', 'license', sealedShape);
    const contentKey = new Secret(key);
    const ordinals = deviceDataAreas(manifest, deviceData);
    const digests = terms.deviceDataDigests;
    if (digests.length !== ordinals.length) throw new Fault('license-data-wrong');
    const keys = openContentKeys(crypto, manifest, contentKey);
    for (const [i, ordinal] of ordinals.entries())
      if (!equalBytes(keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!)), digests[i]!))
        throw new Fault('license-data-wrong');
    return { contentKey, deviceData };
  } finally {
    plaintext.fill(0);
  }
}
