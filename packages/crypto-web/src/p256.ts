// Points, scalars and ECDH on noble's P-256 (SEC 1): points in the uncompressed form alone.

import type { Bytes } from '@firmseal/bytes';
import type { EphemeralSecret, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { p256 } from '@noble/curves/nist.js';

const pointSizeBytes = 65;

export const isUncompressedPoint = (point: Uint8Array): boolean =>
  point.length === pointSizeBytes && point[0] === 0x04;

/** True when the 65 bytes are an uncompressed point on P-256 other than infinity. */
export function isP256Point(publicKey: Uint8Array): boolean {
  return isUncompressedPoint(publicKey) && p256.utils.isValidPublicKey(publicKey, false);
}

/** The key pair of a given scalar; undefined when it is not in 1..n-1. */
export function p256FromPrivate(privateKey: Uint8Array): KeyPair | undefined {
  if (!p256.utils.isValidSecretKey(privateKey)) return undefined;
  return {
    publicKey: Uint8Array.from(p256.getPublicKey(privateKey, false)),
    privateKey: Uint8Array.from(privateKey),
  };
}

export function generateP256(): KeyPair {
  const privateKey = Uint8Array.from(p256.utils.randomSecretKey());
  return { publicKey: Uint8Array.from(p256.getPublicKey(privateKey, false)), privateKey };
}

/**
 * The x coordinate, 32 bytes; undefined when the public key is no valid point. Throws `internal-error` when
 * the private key is no scalar in 1..n-1.
 */
export function ecdhP256(privateKey: Uint8Array, publicKey: Uint8Array): Bytes | undefined {
  if (!p256.utils.isValidSecretKey(privateKey))
    throw new Fault('internal-error', { detail: 'a private key is not a P-256 scalar' });
  if (!isP256Point(publicKey)) return undefined;
  return Uint8Array.from(p256.getSharedSecret(privateKey, publicKey, true).subarray(1));
}

/** The same with a fresh key. */
export function ephemeralEcdhP256(publicKey: Uint8Array): EphemeralSecret | undefined {
  const own = generateP256();
  const shared = ecdhP256(own.privateKey, publicKey);
  own.privateKey.fill(0);
  return shared && { publicKey: own.publicKey, shared };
}
