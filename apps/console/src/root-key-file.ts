// The public key of a root as its owner keeps it: PEM, SubjectPublicKeyInfo (RFC 7468, RFC 5480), P-256.

import { type Bytes, fromBase64url, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** Everything before the 65-byte point: the same for every key on this curve. */
const head = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
const headBytes = head.length / 2;
const pointBytes = 65;

/** The point. Throws `public-key-invalid`. */
export function readRootKey(text: string, file: string): Bytes {
  const base64 =
    /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(text)?.[1] ?? '';
  const plain = base64.replace(/[\s=]/g, '').replaceAll('+', '-').replaceAll('/', '_');
  const bytes = fromBase64url(plain);
  const fits =
    bytes?.length === headBytes + pointBytes &&
    toHex(bytes.subarray(0, headBytes)) === head &&
    bytes[headBytes] === 4;
  if (!fits) throw new Fault('public-key-invalid', { file });
  return bytes.slice(headBytes);
}
