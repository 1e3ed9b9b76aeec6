// The fixed keys of the vectors: private key = SHA-256("firmseal test key: <name>"). Everyone can compute
// them, so each stands in the list of known test keys (packages/keys), and tools refuse it.

import { type Bytes, utf8 } from '@firmseal/bytes';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { signDeterministic } from './deterministic-signer.ts';

export const vectorKeyNames = [
  'root',
  'second root',
  'package signer',
  'license issuer',
  'device CA',
  'agent signer',
  'device',
  'device KEM',
  'authority KEM',
  'HPKE ephemeral',
  'stranger',
] as const;
export type VectorKeyName = (typeof vectorKeyNames)[number];

export function keyPair(name: VectorKeyName): KeyPair {
  return crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
}

export function signerOf(name: VectorKeyName, highS = false) {
  const { publicKey, privateKey } = keyPair(name);
  return { publicKey, sign: (message: Uint8Array): Bytes => signDeterministic(privateKey, message, highS) };
}

/**
 * Bytes that stand for firmware, serial numbers and nonces: SHA-256(label || counter), one after the other.
 */
export function seededBytes(label: string, length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += 32) {
    const block = crypto.sha256(utf8(`firmseal vectors: ${label} ${offset / 32}`));
    bytes.set(block.subarray(0, Math.min(32, length - offset)), offset);
  }
  return bytes;
}
