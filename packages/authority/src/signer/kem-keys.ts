// The keys that open what was wrapped for the authority: the present one, and the previous one while it is
// replaced.

import type { Bytes, Secret } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type HpkeMessage, hpkeOpenWith } from '@firmseal/hpke';
import type { Unwrapper } from '@firmseal/keys';
import { openContentKey } from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';

/** The present key comes first. */
export type KemKeys = readonly [Unwrapper, ...Unwrapper[]];

export const kemKeysOf = (present: Unwrapper, previous: Unwrapper | undefined): KemKeys =>
  previous === undefined ? [present] : [present, previous];

/** The plaintext by the first key that opens it; undefined when none does. */
export async function openByAny(
  crypto: Crypto,
  kems: KemKeys,
  message: HpkeMessage,
): Promise<Bytes | undefined> {
  for (const unwrapper of kems) {
    const plaintext = await hpkeOpenWith(crypto, { unwrapper, ...message });
    if (plaintext !== undefined) return plaintext;
  }
  return undefined;
}

/** As openContentKey, by the first key that opens it. */
export async function openContentKeyByAny(
  crypto: Crypto,
  kems: KemKeys,
  inputs: { file: Bytes; manifest: Manifest },
): Promise<Secret> {
  let refused: unknown;
  for (const unwrapper of kems) {
    try {
      return await openContentKey(crypto, { ...inputs, unwrapper });
    } catch (fault) {
      if (!(fault instanceof Fault) || fault.code !== 'content-key-unwrap-failed') throw fault;
      refused = fault;
    }
  }
  throw refused;
}
