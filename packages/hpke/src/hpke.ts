// Single-shot HPKE in base mode (RFC 9180, section 6.1) with the algorithms of suite 1 (spec/suites.md). Base
// mode does not say who sealed: the license that carries the result is signed.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto, EphemeralSecret, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { sharedSecretOf } from './kem.ts';
import { aes256Gcm, keySchedule } from './key-schedule.ts';

/** `enc`: the ephemeral public key, 65 bytes; `sealed`: ciphertext and 16-byte tag. */
export type HpkeSealed = { readonly enc: Bytes; readonly sealed: Bytes };

/** What opening needs besides the recipient's key; all of it may come from an attacker. */
export type HpkeMessage = {
  enc: Uint8Array;
  info: Uint8Array;
  aad: Uint8Array;
  sealed: Uint8Array;
};

/** With a key pair that is given: for test vectors. */
function encapsulateWith(
  crypto: Crypto,
  { publicKey, privateKey }: KeyPair,
  recipientPublicKey: Uint8Array,
): EphemeralSecret | undefined {
  const shared = crypto.ecdhP256(privateKey, recipientPublicKey);
  return shared && { publicKey: Uint8Array.from(publicKey), shared };
}

/**
 * Seals one message to a public key (65 bytes). Throws `hpke-recipient-invalid` when that is no point on
 * P-256. `ephemeral` is for test vectors alone: used twice, it repeats key and nonce.
 */
export function hpkeSeal(
  crypto: Crypto,
  inputs: {
    recipientPublicKey: Uint8Array;
    info: Uint8Array;
    aad: Uint8Array;
    plaintext: Uint8Array;
    ephemeral?: KeyPair;
  },
): HpkeSealed {
  const { recipientPublicKey, info, aad, plaintext } = inputs;
  const encapsulated = inputs.ephemeral
    ? encapsulateWith(crypto, inputs.ephemeral, recipientPublicKey)
    : crypto.ephemeralEcdhP256(recipientPublicKey);
  if (!encapsulated) throw new Fault('hpke-recipient-invalid');
  const { publicKey: enc, shared: dh } = encapsulated;
  const sharedSecret = sharedSecretOf(crypto, { dh, enc, recipientPublicKey });
  const { key, nonce } = keySchedule(crypto, { sharedSecret, info, aead: aes256Gcm });
  return { enc, sealed: crypto.aes256GcmSeal({ key, nonce, aad, plaintext }) };
}

/** The plaintext; undefined when the tag does not match or `enc` is not a valid point. */
export function hpkeOpen(crypto: Crypto, inputs: HpkeMessage & { recipient: KeyPair }): Bytes | undefined {
  const { recipient, enc } = inputs;
  const dh = crypto.ecdhP256(recipient.privateKey, enc);
  return dh && openWithDh(crypto, { ...inputs, dh, recipientPublicKey: recipient.publicKey });
}

/** Whoever can compute ECDH without showing the key: a key file, a PKCS#11 token. */
export type HpkeUnwrapper = {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** The x coordinate, 32 bytes; undefined when the point is not valid. */
  ecdh(publicKey: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
};

/** hpkeOpen with a key that is elsewhere. The point is checked before it is handed there. */
export async function hpkeOpenWith(
  crypto: Crypto,
  inputs: HpkeMessage & { unwrapper: HpkeUnwrapper },
): Promise<Bytes | undefined> {
  const { unwrapper, enc } = inputs;
  if (!crypto.isP256Point(enc)) return undefined;
  const dh = await unwrapper.ecdh(enc);
  return dh && openWithDh(crypto, { ...inputs, dh, recipientPublicKey: unwrapper.publicKey });
}

// `enc` has proved to be an uncompressed point, so its place in the key derivation is unambiguous.
function openWithDh(
  crypto: Crypto,
  inputs: HpkeMessage & { dh: Uint8Array; recipientPublicKey: Uint8Array },
): Bytes | undefined {
  const { info, aad, sealed } = inputs;
  const sharedSecret = sharedSecretOf(crypto, inputs);
  const { key, nonce } = keySchedule(crypto, { sharedSecret, info, aead: aes256Gcm });
  return crypto.aes256GcmOpen({ key, nonce, aad, sealed });
}
