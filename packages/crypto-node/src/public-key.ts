// Public keys of P-256 as OpenSSL takes them. Every object is verified on every reading, so the last keys are
// kept in their imported form.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex } from '@firmseal/bytes';

const pointSizeBytes = 65;
// Everything of a P-256 SubjectPublicKeyInfo (RFC 5480) that comes before the point.
const spkiPrefix = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

const keptKeysAtMost = 256;
const keptKeys = new Map<string, KeyObject>(); // oldest use first

const pem = (point: Uint8Array): string =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([spkiPrefix, point]).toString('base64')}\n-----END PUBLIC KEY-----\n`;

/**
 * The key of 65 bytes; undefined when they are not an uncompressed point on P-256. OpenSSL also takes
 * compressed, hybrid and short encodings: size and first byte are checked before it sees them. Decoding
 * checks that both coordinates are below p and that the curve's equation holds; infinity has no such form.
 */
export function publicKeyOf(point: Uint8Array): KeyObject | undefined {
  if (point.length !== pointSizeBytes || point[0] !== 0x04) return undefined;
  const name = Buffer.from(point.buffer, point.byteOffset, point.length).toString('latin1');
  let key = keptKeys.get(name);
  if (key) {
    keptKeys.delete(name);
  } else {
    try {
      // As text: node:crypto finds out what a key in an object is by an exception, which takes longer.
      key = createPublicKey(pem(point));
    } catch {
      return undefined; // not kept
    }
    if (keptKeys.size >= keptKeysAtMost) keptKeys.delete(keptKeys.keys().next().value!);
  }
  keptKeys.set(name, key);
  return key;
}
