// KeySchedule of RFC 9180, section 5.1, in base mode with HKDF-SHA256. The AEAD is an argument so that the
// published vectors, which use AES-128-GCM with this KEM, can be followed; the
// package uses AES-256-GCM alone.

import { type Bytes, concatBytes, toHex, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { kemId, labeledExpand, labeledExtract, u16be } from './kem.ts';

const kdfId = 0x0001; // section 7.2: HKDF-SHA256
const modeBase = 0x00;
const empty = new Uint8Array(0);

export type Aead = { readonly id: number; readonly keySizeBytes: 16 | 32 };

/** Section 7.3: AES-256-GCM. */
export const aes256Gcm: Aead = { id: 0x0002, keySizeBytes: 32 };

/**
 * Contexts by algorithm and info: programs have a few infos of some letters, and seal under them for ever.
 */
const contexts = new Map<string, Bytes>();
const keptAtMost = 64;
const infoSizeBytesAtMost = 64;

const newContext = (crypto: Crypto, suiteId: Uint8Array, info: Uint8Array): Bytes => {
  const pskIdHash = labeledExtract(crypto, { suiteId, salt: empty, label: 'psk_id_hash', ikm: empty });
  const infoHash = labeledExtract(crypto, { suiteId, salt: empty, label: 'info_hash', ikm: info });
  return concatBytes(Uint8Array.of(modeBase), pskIdHash, infoHash);
};

/** Nothing in it is secret. */
function contextOf(crypto: Crypto, suiteId: Uint8Array, info: Uint8Array): Bytes {
  if (info.length > infoSizeBytesAtMost) return newContext(crypto, suiteId, info);
  const name = toHex(concatBytes(suiteId, info));
  let context = contexts.get(name);
  if (context === undefined) {
    context = newContext(crypto, suiteId, info);
    if (contexts.size >= keptAtMost) contexts.delete(contexts.keys().next().value!);
    contexts.set(name, context);
  }
  return context;
}

/** Key and nonce of the first (here: the only) message. */
export function keySchedule(
  crypto: Crypto,
  inputs: { sharedSecret: Uint8Array; info: Uint8Array; aead: Aead },
): { key: Bytes; nonce: Bytes } {
  const { sharedSecret, info, aead } = inputs;
  const suiteId = concatBytes(utf8('HPKE'), u16be(kemId), u16be(kdfId), u16be(aead.id));
  const context = contextOf(crypto, suiteId, info);
  const secret = labeledExtract(crypto, { suiteId, salt: sharedSecret, label: 'secret', ikm: empty });
  const expand = (label: string, length: 12 | 16 | 32) =>
    labeledExpand(crypto, { suiteId, prk: secret, label, info: context, length });
  return { key: expand('key', aead.keySizeBytes), nonce: expand('base_nonce', 12) };
}
