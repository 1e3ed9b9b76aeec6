// Messages of RFC 9180's own vector for suite 1 (its file test-vectors.json: mode_base, KEM 0x0010, KDF
// 0x0001, AEAD 0x0002). The file is several megabytes long and in no package. Keys and enc are copied; the
// messages are sealed again under its ikmE, by another implementation. That they are right is known by a
// value that Go's crypto/hpke publishes of the same vector (testdata/rfc9180.json,
// "encryptions_accumulated"): SHAKE128 over the ciphertexts of 1000 messages drawn from SHAKE128.

import { createHash } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '@firmseal/bytes';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';

export const rfc9180Suite1 = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  ikmE: 'a90d3417c3da9cb6c6ae19b4b5dd6cc9529a4cc24efb7ae0ace1f31887a8cd6c',
  skRm: '317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2',
  pkRm: '04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c',
  enc: '04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0',
  accumulated: '8d3263541fc1695b6e88ff3a1208577c',
} as const;

export interface HpkeMessage {
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const messageCount = 1000;
/** Lengths are bytes: 2000 of them, each with at most 255 bytes behind it. */
const drawnMost = 2 * messageCount * 256;

/** The pairs of associated data and plaintext that Go draws: a byte of length, and as many bytes. */
function drawn(): Uint8Array[] {
  const stream = createHash('shake128', { outputLength: drawnMost }).digest();
  const found: Uint8Array[] = [];
  for (let at = 0; found.length < 2 * messageCount; ) {
    const length = stream[at]!;
    found.push(stream.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return found;
}

/**
 * All messages of one sender in their order. Throws when enc or the ciphertexts are not those of the vector.
 */
export async function rfc9180Messages(): Promise<HpkeMessage[]> {
  const { info, ikmE, pkRm, enc, accumulated } = rfc9180Suite1;
  const suite = new CipherSuite({
    ...{ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() },
  });
  const sender = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(fromHex(pkRm)),
    info: fromHex(info),
    ekm: fromHex(ikmE),
  });
  if (toHex(new Uint8Array(sender.enc)) !== enc) throw new Error('the vector has another enc');
  const inputs = drawn();
  const messages: HpkeMessage[] = [];
  for (let i = 0; i < inputs.length; i += 2) {
    const [aad, plaintext] = [inputs[i]!, inputs[i + 1]!];
    const ciphertext = new Uint8Array(await sender.seal(plaintext, aad));
    messages.push({ aad, plaintext, ciphertext });
  }
  const sum = createHash('shake128', { outputLength: 16 })
    .update(concatBytes(...messages.map(({ ciphertext }) => ciphertext)))
    .digest('hex');
  if (sum !== accumulated)
    throw new Error(`the ciphertexts of the vector come to ${accumulated}, these to ${sum}`);
  return messages;
}
