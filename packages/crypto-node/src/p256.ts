// P-256 points and scalars, and ECDH, by node:crypto. Points are SEC 1 uncompressed (65 bytes, 0x04 || x ||
// y), scalars 32 bytes big-endian. OpenSSL also takes compressed, hybrid and short encodings: sizes and the
// first byte are checked here before it sees them. Signatures are in es256.ts.

import { createECDH, ECDH } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import type { KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

const curve = 'prime256v1'; // OpenSSL's name of P-256
const scalarSizeBytes = 32;
const pointSizeBytes = 65;

const isUncompressed = (point: Uint8Array) => point.length === pointSizeBytes && point[0] === 0x04;

/** True when the 65 bytes are an uncompressed point on P-256; infinity has no such form. */
export function isP256Point(publicKey: Uint8Array): boolean {
  if (!isUncompressed(publicKey)) return false;
  try {
    // Decoding a point checks that both coordinates are below p and that the curve's equation holds.
    ECDH.convertKey(publicKey, curve, undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false;
  }
}

function ecdhOf(privateKey: Uint8Array): ECDH | undefined {
  if (privateKey.length !== scalarSizeBytes) return undefined;
  const ecdh = createECDH(curve);
  try {
    ecdh.setPrivateKey(privateKey); // refuses a scalar out of 1..n-1
  } catch {
    return undefined;
  }
  return ecdh;
}

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
  const ecdh = ecdhOf(privateKey);
  if (!ecdh) throw new Fault('internal-error', { detail: 'a private key is not a P-256 scalar' });
  if (!isUncompressed(publicKey)) return undefined;
  try {
    return bytesOfBuffer(ecdh.computeSecret(publicKey));
  } catch {
    return undefined;
  }
}
