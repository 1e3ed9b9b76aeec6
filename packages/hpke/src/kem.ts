// DHKEM(P-256, HKDF-SHA256) of RFC 9180, section 4.1, and its labeled HKDF, section 4. The Diffie-Hellman
// value comes in as an argument: the private key may stand in a token.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

/** Section 7.1: DHKEM(P-256, HKDF-SHA256). */
export const kemId = 0x0010;

const versionLabel = utf8('HPKE-v1');
const empty = new Uint8Array(0);

/** Two bytes, most significant first (I2OSP(n, 2)). */
export const u16be = (value: number): Bytes => Uint8Array.of(value >>> 8, value);

/**
 * HKDF-Extract(salt, "HPKE-v1" || suiteId || label || ikm); 32 bytes. An empty salt is 32 zero bytes to HMAC.
 */
export function labeledExtract(
  crypto: Crypto,
  inputs: { suiteId: Uint8Array; salt: Uint8Array; label: string; ikm: Uint8Array },
): Bytes {
  const { suiteId, salt, label, ikm } = inputs;
  return crypto.hmacSha256(salt, versionLabel, suiteId, utf8(label), ikm);
}

/** HKDF-Expand of at most 32 bytes, which is one block: the start of HMAC(prk, labeled info || 0x01). */
export function labeledExpand(
  crypto: Crypto,
  inputs: { suiteId: Uint8Array; prk: Uint8Array; label: string; info: Uint8Array; length: 12 | 16 | 32 },
): Bytes {
  const { suiteId, prk, label, info, length } = inputs;
  const block = crypto.hmacSha256(
    prk,
    u16be(length),
    versionLabel,
    suiteId,
    utf8(label),
    info,
    Uint8Array.of(1),
  );
  return block.subarray(0, length);
}

/** ExtractAndExpand(dh, enc || recipient's key): the KEM's shared secret, 32 bytes. */
export function sharedSecretOf(
  crypto: Crypto,
  inputs: { dh: Uint8Array; enc: Uint8Array; recipientPublicKey: Uint8Array },
): Bytes {
  const suiteId = concatBytes(utf8('KEM'), u16be(kemId));
  const prk = labeledExtract(crypto, { suiteId, salt: empty, label: 'eae_prk', ikm: inputs.dh });
  const info = concatBytes(inputs.enc, inputs.recipientPublicKey);
  return labeledExpand(crypto, { suiteId, prk, label: 'shared_secret', info, length: 32 });
}
