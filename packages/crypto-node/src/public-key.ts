// Public keys of P-256 as OpenSSL takes them. Every object is verified on every reading, so keys that are
// asked for again are kept in their imported form.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex } from '@firmseal/bytes';

const pointSizeBytes = 65;
// Everything of a P-256 SubjectPublicKeyInfo (RFC 5480) that comes before the point.
const spkiPrefix = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

/**
 * Most keys are those of chips, asked for two or three times one after the other. They are kept for no
 * longer: OpenSSL's part of a key lies outside of the heap, and the engine takes it away late once the key
 * has become old, which takes a few units of an audit.
 */
const recentKeysAtMost = 3;
const recentKeys = new Map<string, KeyObject>(); // oldest use first

const usesOfLasting = 4;
const countedAtMost = 64;
/** How often keys without a lasting place were asked for. */
const uses = new Map<string, number>(); // oldest first

const lastingKeysAtMost = 256;
/** By the bytes of their points as text. Full, the newer ones become the older, and those go. */
let newerKeys = new Map<string, KeyObject>();
let olderKeys = new Map<string, KeyObject>();

const spki = Buffer.concat([spkiPrefix, new Uint8Array(pointSizeBytes)]);

/**
 * The key of 65 bytes; undefined when they are not an uncompressed point on P-256. OpenSSL also takes
 * compressed, hybrid and short encodings: size and first byte are checked before it sees them. Decoding
 * checks that both coordinates are below p and that the curve's equation holds; infinity has no such form.
 */
export function publicKeyOf(point: Uint8Array): KeyObject | undefined {
  if (point.length !== pointSizeBytes || point[0] !== 0x04) return undefined;
  spki.set(point, spkiPrefix.length);
  const name = spki.toString('latin1', spkiPrefix.length);
  const newer = newerKeys.get(name);
  if (newer !== undefined) return newer;
  const older = olderKeys.get(name);
  if (older !== undefined) return keepLasting(name, older);
  const key = recentKeys.get(name) ?? imported();
  if (key === undefined) return undefined; // not kept
  recentKeys.delete(name);
  if (isLasting(name)) return keepLasting(name, key);
  if (recentKeys.size >= recentKeysAtMost) recentKeys.delete(recentKeys.keys().next().value!);
  recentKeys.set(name, key);
  return key;
}

/** Counts one use more. */
function isLasting(name: string): boolean {
  const count = (uses.get(name) ?? 0) + 1;
  if (count === 1 && uses.size >= countedAtMost) uses.delete(uses.keys().next().value!);
  if (count < usesOfLasting) uses.set(name, count);
  else uses.delete(name);
  return count >= usesOfLasting;
}

function keepLasting(name: string, key: KeyObject): KeyObject {
  if (newerKeys.size >= lastingKeysAtMost) [olderKeys, newerKeys] = [newerKeys, new Map()];
  newerKeys.set(name, key);
  return key;
}

/** The key that `spki` holds. */
function imported(): KeyObject | undefined {
  const text = spki.toString('base64');
  try {
    // As text: node:crypto finds out what a key in an object is by an exception, which takes longer.
    return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`);
  } catch {
    return undefined;
  }
}
