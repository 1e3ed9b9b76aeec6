// Ed25519 (RFC 8032) by node:crypto: keys as 32 raw bytes, without the envelopes that OpenSSL wants.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, concatBytes, fromHex } from '@firmseal/bytes';
import type { Ed25519, Ed25519KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

const keySizeBytes = 32;
// RFC 8410 sections 4 and 7: everything that stands before the 32 bytes.
const spkiPrefix = fromHex('302a300506032b6570032100');
const pkcs8Prefix = fromHex('302e020100300506032b657004220420');

function privateKeyObject(seed: Uint8Array): KeyObject {
  if (seed.length !== keySizeBytes)
    throw new Fault('internal-error', { detail: 'an Ed25519 key has another size' });
  const der = concatBytes(pkcs8Prefix, seed);
  const key = createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

function pairOf(seed: Uint8Array): Ed25519KeyPair {
  const spki = createPublicKey(privateKeyObject(seed)).export({ format: 'der', type: 'spki' });
  return { publicKey: bytesOfBuffer(spki).slice(spkiPrefix.length), privateKey: Uint8Array.from(seed) };
}

export const ed25519 = (randomBytes: (length: number) => Bytes): Ed25519 => ({
  generateEd25519: () => pairOf(randomBytes(keySizeBytes)),
  ed25519FromPrivate: (seed) => (seed.length === keySizeBytes ? pairOf(seed) : undefined),
  signEd25519: (seed, message) => bytesOfBuffer(sign(null, message, privateKeyObject(seed))),
  verifyEd25519: (publicKey, message, signature) => {
    if (publicKey.length !== keySizeBytes || signature.length !== 64) return false;
    const der = concatBytes(spkiPrefix, publicKey);
    try {
      return verify(
        null,
        message,
        createPublicKey({ key: der as Buffer, format: 'der', type: 'spki' }),
        signature,
      );
    } catch {
      return false;
    }
  },
});
