// Public keys as files: PEM, SubjectPublicKeyInfo (RFC 7468), so that other tools can read them.

import { createPublicKey } from 'node:crypto';
import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readInput, writeText } from './files.ts';

const toBase64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const fromBase64Url = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));

/** Writes the 65-byte point. */
export function writePublicKey(path: string, point: Uint8Array): void {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64Url(point.subarray(1, 33)),
    y: toBase64Url(point.subarray(33)),
  };
  writeText(
    path,
    createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
  );
}

/** The 65-byte point. Throws `public-key-invalid`, `file-unreadable`. */
export function readPublicKey(path: string): Bytes {
  const pem = Buffer.from(readInput(path));
  try {
    if (!pem.includes('BEGIN PUBLIC KEY')) throw new Error('no public key'); // node would derive one from a private key
    const { crv, x, y } = createPublicKey(pem).export({ format: 'jwk' });
    if (crv !== 'P-256' || x === undefined || y === undefined) throw new Error('another curve');
    return concatBytes(Uint8Array.of(4), fromBase64Url(x), fromBase64Url(y));
  } catch (cause) {
    throw new Fault('public-key-invalid', { file: path }, { cause });
  }
}
