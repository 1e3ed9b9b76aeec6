// Private keys of P-256 as OpenSSL takes them. Whoever signs or unwraps does it with the same array again and
// again: its key is kept in its imported form as long as the array lives and its bytes are the same. Where
// they are overwritten, the key is gone with the next use.

import { createECDH, createPrivateKey, type ECDH, hash, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

const curve = 'prime256v1'; // OpenSSL's name of P-256
const scalarSizeBytes = 32;

// ECPrivateKey of RFC 5915 section 3: { 1, scalar, [0] P-256, [1] BIT STRING of the point }.
const beforeScalar = fromHex('30770201010420');
const beforePoint = fromHex('a00a06082a8648ce3d030107a144034200');

interface Kept {
  /** SHA-256 of the scalar when it was imported. */
  readonly digest: Buffer;
  readonly key: KeyObject;
}
const keptKeys = new WeakMap<Uint8Array, Kept>();

/** Undefined when the bytes are no scalar in 1..n-1. */
export function ecdhOf(privateKey: Uint8Array): ECDH | undefined {
  if (privateKey.length !== scalarSizeBytes) return undefined;
  const ecdh = createECDH(curve);
  try {
    ecdh.setPrivateKey(privateKey); // refuses a scalar out of 1..n-1
  } catch {
    return undefined;
  }
  return ecdh;
}

/** Throws `internal-error` when the bytes are no scalar in 1..n-1: that is the caller's own. */
export function privateKeyOf(privateKey: Uint8Array): KeyObject {
  const digest = hash('sha256', privateKey, 'buffer');
  const kept = keptKeys.get(privateKey);
  if (kept?.digest.equals(digest)) return kept.key;
  keptKeys.delete(privateKey);
  const ecdh = ecdhOf(privateKey);
  if (!ecdh) throw new Fault('internal-error', { detail: 'a private key is not a P-256 scalar' });
  const der = concatBytes(beforeScalar, privateKey, beforePoint, ecdh.getPublicKey());
  const key = createPrivateKey({ key: der as Buffer, format: 'der', type: 'sec1' });
  der.fill(0);
  keptKeys.set(privateKey, { digest, key });
  return key;
}
