// ES256 (RFC 9053, section 2.1): ECDSA on P-256 with SHA-256, signature r || s, s at most half the group's
// order (spec/encoding.md, section 2). Every object is verified on every reading, so the last public keys are
// kept in their imported form; private keys are never kept.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, fromHex, toBase64url } from '@firmseal/bytes';
import { hasHighS, lowS } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytesOfBuffer } from './bytes-of-buffer.ts';
import { p256FromPrivate } from './p256.ts';

const signatureSizeBytes = 64;

// Everything of a P-256 SubjectPublicKeyInfo (RFC 5480) that comes before the point.
const spkiPrefix = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

const keptKeysAtMost = 256;
const keptKeys = new Map<string, KeyObject>(); // oldest use first

/** Throws whatever OpenSSL throws on 65 bytes that are no uncompressed point; failures are not kept. */
function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
  let key = keptKeys.get(name);
  if (key) {
    keptKeys.delete(name);
  } else {
    const der = new Uint8Array(spkiPrefix.length + publicKey.length);
    der.set(spkiPrefix);
    der.set(publicKey, spkiPrefix.length);
    key = createPublicKey({ key: der as Buffer, format: 'der', type: 'spki' });
    if (keptKeys.size >= keptKeysAtMost) keptKeys.delete(keptKeys.keys().next().value!);
  }
  keptKeys.set(name, key);
  return key;
}

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const pair = p256FromPrivate(privateKey);
  if (!pair) throw new Fault('internal-error', { detail: 'a private key is not a P-256 scalar' });
  // With the point given, importing is three times faster than from the scalar alone.
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(pair.publicKey.subarray(1, 33)),
    y: toBase64url(pair.publicKey.subarray(33)),
    d: toBase64url(pair.privateKey),
  };
  pair.privateKey.fill(0);
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** r || s over SHA-256 of the message, s low. Throws `internal-error` when the key is no scalar in 1..n-1. */
export function signEs256(privateKey: Uint8Array, message: Uint8Array): Bytes {
  const key = privateKeyObject(privateKey);
  return lowS(bytesOfBuffer(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })));
}

/** False for a wrong signature, a high s, r or s out of 1..n-1, or an invalid point; never throws. */
export function verifyEs256(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 65 || publicKey[0] !== 0x04) return false;
  if (signature.length !== signatureSizeBytes || hasHighS(signature)) return false;
  try {
    const key = publicKeyObject(publicKey);
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}
