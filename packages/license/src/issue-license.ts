// Makes a license: wraps content key and per-device data to one chip and signs. spec/license.md sections 1
// and 2. Whether the chip may have one (certificate, hello, quota) was decided by the authority before.

import { type Bytes, type Secret, utf8 } from '@firmseal/bytes';
import { type CborInput, type CoseSigner, encodeCbor, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { SignedKind } from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import { type Manifest, openContentKeys } from '@firmseal/seal';
import { encodeTerms, type LicenseTerms } from './terms.ts';

export const licenseKind: SignedKind = {
  typ: 'application/firmseal-license',
  payloadMaxBytes: 2048,
  malformed: 'license-malformed',
  invalid: 'license-signature-invalid',
};
export const licenseInfo: Bytes = utf8('firmseal/1 license');
/** Unwraps that a license allows beyond those that the issuer knows of, when the owner says nothing else. */
const unwrapsAllowed = 16;
const countMax = 2 ** 31 - 1;

/** The ceiling for a chip that unwrapped so often, as far as the issuer knows: spec/license.md section 5. */
export function ceilingFor(unwraps: number, allowed: number = unwrapsAllowed): number {
  return Math.min(unwraps + allowed, countMax);
}

export interface LicenseInputs {
  /** What the issuer does not say here follows from the package and the data. */
  readonly terms: Omit<LicenseTerms, 'manifestDigest' | 'deviceDataDigests'>;
  readonly manifest: Manifest;
  /** The chip's, 65 bytes. */
  readonly kemKey: Uint8Array;
  readonly contentKey: Secret;
  /** One value for each area of per-device data, in order, each as long as its area. */
  readonly deviceData?: readonly Uint8Array[];
  /** The issuer's. */
  readonly signer: CoseSigner;
  /** For test vectors alone. */
  readonly ephemeral?: KeyPair;
}

/** Ordinals of the areas of per-device data. Throws `license-data-wrong` when the data does not fit them. */
export function deviceDataAreas({ core }: Manifest, data: readonly Uint8Array[]): number[] {
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
export async function issueLicense(
  crypto: Crypto,
  inputs: LicenseInputs,
): Promise<{ license: Bytes; terms: LicenseTerms }> {
  const { manifest, kemKey, contentKey, deviceData = [], signer, ephemeral } = inputs;
  if ((inputs.terms.mode === 'session') !== (inputs.terms.nonce !== undefined))
    throw new Fault('internal-error', { detail: 'a session license and only that carries a nonce' });
  const ordinals = deviceDataAreas(manifest, deviceData);
  const keys = openContentKeys(crypto, manifest, contentKey);
  const terms: LicenseTerms = {
    ...inputs.terms,
    manifestDigest: manifest.digest,
    deviceDataDigests: ordinals.map((ordinal, i) => keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!))),
  };
  const aad = encodeTerms(terms);
  const plaintext = encodeCbor([contentKey.expose(), [...deviceData]]);
  const { enc, sealed } = hpkeSeal(crypto, {
    recipientPublicKey: kemKey,
    info: licenseInfo,
    aad,
    plaintext,
    ...(ephemeral ? { ephemeral } : {}),
  });
  plaintext.fill(0);
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, aad],
      [1, enc],
      [2, sealed],
    ]),
  );
  return { license: await signCoseWith(crypto, { signer, typ: licenseKind.typ, payload }), terms };
}
