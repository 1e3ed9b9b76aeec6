// Makes a license: wraps content key and per-device data to one chip and signs. spec/license.md sections 1
// and 2. Whether the chip may have one (certificate, hello, quota) was decided by the authority before.

import { type Bytes, type Secret, utf8 } from '@firmseal/bytes';
import { type CborInput, type CoseSigner, encodeCbor, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { hpkeSeal } from '@firmseal/hpke';
import { encodeTerms, type LicenseTerms } from './terms.ts';

export const licenseTyp = 'application/firmseal-license';
export const licenseInfo: Bytes = utf8('firmseal/1 license');
/** Per-device data of one license, all areas together. */
export const deviceDataMaxBytes = 1024;

export interface LicenseInputs {
  readonly terms: LicenseTerms;
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

/** The signed license. Throws `license-data-wrong`, `hpke-recipient-invalid`, `cose-signature-invalid`. */
export async function issueLicense(crypto: Crypto, inputs: LicenseInputs): Promise<Bytes> {
  const { terms, kemKey, contentKey, deviceData = [], signer, ephemeral } = inputs;
  if ((terms.mode === 'session') !== (terms.nonce !== undefined))
    throw new Fault('internal-error', { detail: 'a session license and only that carries a nonce' });
  if (deviceData.reduce((sum, { length }) => sum + length, 0) > deviceDataMaxBytes)
    throw new Fault('license-data-wrong');
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
  return signCoseWith(crypto, { signer, typ: licenseTyp, payload });
}
