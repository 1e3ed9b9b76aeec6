// Public keys as files: PEM, SubjectPublicKeyInfo (RFC 7468), so that other tools can read them.

import { createPublicKey } from 'node:crypto';
import { type Bytes, concatBytes, fromBase64url, toBase64url, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readInput } from './files.ts';

/** The content of the file of a 65-byte point. */
export function publicKeyFile(point: Uint8Array): Bytes {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(point.subarray(1, 33)),
    y: toBase64url(point.subarray(33)),
  };
  return utf8(
    createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
  );
}

/** The 65-byte point. Throws `public-key-invalid`, `file-unreadable`. */
export function readPublicKey(path: string): Bytes {
  const pem = Buffer.from(readInput(path));
  try {
    if (!pem.includes('BEGIN PUBLIC KEY')) throw new Error('no public key'); // node would derive one from a private key
    const { crv, x, y } = createPublicKey(pem).export({ format: 'jwk' });
    const [left, right] = [fromBase64url(x ?? ''), fromBase64url(y ?? '')];
    if (crv !== 'P-256' || left?.length !== 32 || right?.length !== 32) throw new Error('another curve');
    return concatBytes(Uint8Array.of(4), left, right);
  } catch (cause) {
    throw new Fault('public-key-invalid', { file: path }, { cause });
  }
}
