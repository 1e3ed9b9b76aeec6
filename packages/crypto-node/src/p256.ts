// P-256 points and scalars, and ECDH, by node:crypto. Points are SEC 1 uncompressed (65 bytes, 0x04 || x ||
// y), scalars 32 bytes big-endian. Signatures are in es256.ts.

import { diffieHellman, generateKeyPairSync } from 'node:crypto';
import { type Bytes, concatBytes, fromBase64url } from '@firmseal/bytes';
import type { EphemeralSecret, KeyPair } from '@firmseal/crypto';
import { bytesOfBuffer } from './bytes-of-buffer.ts';
import { ecdhOf, privateKeyOf } from './private-key.ts';
import { publicKeyOf } from './public-key.ts';

const scalarSizeBytes = 32;

/** True when the 65 bytes are an uncompressed point on P-256; infinity has no such form. */
export const isP256Point = (publicKey: Uint8Array): boolean => publicKeyOf(publicKey) !== undefined;

/** The key pair of a scalar (copied); undefined when it is not 32 bytes in 1..n-1. */
export function p256FromPrivate(privateKey: Uint8Array): KeyPair | undefined {
  const ecdh = ecdhOf(privateKey);
  if (!ecdh) return undefined;
  return { publicKey: bytesOfBuffer(ecdh.getPublicKey()), privateKey: Uint8Array.from(privateKey) };
}

/** A fresh key pair: random scalars until one is in range (the first, but for one in 2^32). */
export function generateP256(randomBytes: (length: number) => Bytes): KeyPair {
  for (;;) {
    const pair = p256FromPrivate(randomBytes(scalarSizeBytes));
    if (pair) return pair;
  }
}

/**
 * The x coordinate of privateKey * publicKey, 32 bytes big-endian; undefined when the public key is not a
 * valid point. Throws `internal-error` on a private key that is no scalar: that is the caller's own.
 */
export function ecdhP256(privateKey: Uint8Array, publicKey: Uint8Array): Bytes | undefined {
  const ownKey = privateKeyOf(privateKey);
  const key = publicKeyOf(publicKey);
  return key && bytesOfBuffer(diffieHellman({ privateKey: ownKey, publicKey: key }));
}

/** The same with a fresh key, which never leaves OpenSSL. */
export function ephemeralEcdhP256(publicKey: Uint8Array): EphemeralSecret | undefined {
  const key = publicKeyOf(publicKey);
  if (!key) return undefined;
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = own.publicKey.export({ format: 'jwk' });
  return {
    publicKey: concatBytes(Uint8Array.of(0x04), coordinate(x!), coordinate(y!)),
    shared: bytesOfBuffer(diffieHellman({ privateKey: own.privateKey, publicKey: key })),
  };
}

/** RFC 7518 section 6.2.1.2: always of full length. */
const coordinate = (text: string): Bytes => fromBase64url(text)!;
