// Cryptography for fuzzing, INSECURE on purpose and no use for anything else: signatures that are two hashes
// of key and message, a cipher that leaves the data as it is and tags it with a hash, a key exchange that is
// an exclusive or. So a fuzzer can sign anything at the price of a hash, and what was not signed is refused
// all the same. SHA-256, HMAC and HKDF are the real ones. The same in C: fuzz_crypto.c.

import { hash } from 'node:crypto';
import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { nodeCrypto } from '@firmseal/crypto-node';

const digest = (...parts: readonly Uint8Array[]): Bytes =>
  Uint8Array.from(hash('sha256', concatBytes(...parts), 'buffer'));

/** Public key of a private one: 0x04 and twice the same 32 bytes. */
export function standInKeyPair(privateKey: Uint8Array): KeyPair {
  return {
    privateKey: Uint8Array.from(privateKey),
    publicKey: concatBytes(Uint8Array.of(4), privateKey, privateKey),
  };
}

/**
 * The signature that `verifyEs256` takes, which whoever knows the public key can make: r
 * is a hash, s the same, low.
 */
export function standInSignature(publicKey: Uint8Array, message: Uint8Array): Bytes {
  const r = digest(publicKey, message);
  const signature = concatBytes(r, r);
  signature[32]! &= 0x3f;
  return signature;
}

export function standInTag(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Bytes {
  return digest(key, nonce, aad, ciphertext).slice(0, 16);
}

const isPoint = (point: Uint8Array): boolean => point.length === 65 && point[0] === 4;

export const standInCrypto: Crypto = {
  ...nodeCrypto,
  sha256: digest,
  isP256Point: isPoint,
  p256FromPrivate: standInKeyPair,
  ecdhP256: (privateKey, publicKey) =>
    isPoint(publicKey) ? privateKey.map((byte, i) => byte ^ publicKey[1 + i]!).slice() : undefined,
  ephemeralEcdhP256: (publicKey) => {
    const own = standInKeyPair(nodeCrypto.randomBytes(32))!;
    const shared = standInCrypto.ecdhP256(own.privateKey, publicKey);
    return shared && { publicKey: own.publicKey, shared };
  },
  signEs256: (privateKey, message) => standInSignature(standInKeyPair(privateKey).publicKey, message),
  verifyEs256: (publicKey, message, signature) =>
    isPoint(publicKey) && equalBytes(signature, standInSignature(publicKey, message)),
  aes256GcmSeal: ({ key, nonce, aad, plaintext, into }) => {
    const sealed = concatBytes(plaintext, standInTag(key, nonce, aad, plaintext));
    if (into === undefined) return sealed;
    into.set(sealed);
    return into;
  },
  aes256GcmOpen: ({ key, nonce, aad, sealed }) => {
    const end = sealed.length - 16;
    if (end < 0) return undefined;
    const ciphertext = sealed.slice(0, end);
    return equalBytes(sealed.subarray(end), standInTag(key, nonce, aad, ciphertext)) ? ciphertext : undefined;
  },
};
