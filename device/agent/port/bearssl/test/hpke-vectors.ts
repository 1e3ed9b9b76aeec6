// Published vectors of HPKE for the agent's port. Through core/fs_hpke.c, whole, go the first messages of
// RFC 9180's own vector for suite 1 (rfc9180-messages.ts) and of draft 08's, which Debian's source
// package of CIRCL carries and whose algorithms the RFC took over unchanged. Appendix A.3 of the RFC has
// suite 1's KEM and KDF with AES-128-GCM, which the port lacks: its KEM and key schedule are followed
// over the port's own ECDH and HMAC.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { debianSourceFolder } from '../../../toolchain/debian-source.ts';
import type { Answer, Request } from './crypto-requests.ts';
import { rfc9180Messages, rfc9180Suite1 } from './rfc9180-messages.ts';
import { sources } from './vector-sources.ts';

/** RFC 9180, appendix A.3.1 (mode_base). */
export const rfc9180A3 = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  enc: '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
  privateKey: 'f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2',
  publicKey:
    '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
  sharedSecret: 'c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8',
  key: '868c066ef58aae6dc589b6cfdd18f97e',
  baseNonce: '4e0bc5018beba4bf004cca59',
} as const;

/**
 * Shared secret, key and nonce of a message by RFC 9180, sections 4 and 5.1, with each
 * ECDH and HMAC asked of `run`.
 */
export function rfc9180Keys(
  run: (request: Request) => Answer,
  message: typeof rfc9180A3,
): Record<'sharedSecret' | 'key' | 'baseNonce', string> {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    run({ operation: 'hmac', fields: [key, concatBytes(...parts)] }).bytes;
  const [enc, publicKey, info] = [message.enc, message.publicKey, message.info].map((hex) => fromHex(hex));
  const none = new Uint8Array(0);
  const version = utf8('HPKE-v1');
  const kem = concatBytes(utf8('KEM'), Uint8Array.of(0x00, 0x10));
  const suite = concatBytes(utf8('HPKE'), Uint8Array.of(0x00, 0x10, 0x00, 0x01, 0x00, 0x01));
  const expand = (id: Uint8Array, prk: Uint8Array, label: string, text: Uint8Array, length: number) =>
    hmac(prk, Uint8Array.of(0, length), version, id, utf8(label), text, Uint8Array.of(1)).subarray(0, length);

  const dh = run({ operation: 'ecdh', fields: [fromHex(message.privateKey), enc!] }).bytes;
  const eaePrk = hmac(none, version, kem, utf8('eae_prk'), dh);
  const sharedSecret = expand(kem, eaePrk, 'shared_secret', concatBytes(enc!, publicKey!), 32);
  const pskIdHash = hmac(none, version, suite, utf8('psk_id_hash'));
  const infoHash = hmac(none, version, suite, utf8('info_hash'), info!);
  const context = concatBytes(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = hmac(sharedSecret, version, suite, utf8('secret'));
  return {
    sharedSecret: toHex(sharedSecret),
    key: toHex(expand(suite, secret, 'key', context, 16)),
    baseNonce: toHex(expand(suite, secret, 'base_nonce', context, 12)),
  };
}

export type HpkeCase = { name: string; request: Request; accepted: boolean; bytes?: string };

type Vector = Record<'mode' | 'kem_id' | 'kdf_id' | 'aead_id', number> &
  Record<'info' | 'skRm' | 'pkRm' | 'enc', string> & {
    encryptions: Record<'aad' | 'ciphertext' | 'plaintext', string>[];
  };

/** A message, and the same with a bit changed in each part. */
function casesOf(name: string, fields: readonly Uint8Array[], plaintext: string): HpkeCase[] {
  const opens = (changed: Uint8Array[]): Request => ({ operation: 'hpkeOpen', fields: changed });
  const damaged = fields.map((field, at): HpkeCase => {
    const changed = concatBytes(field.subarray(0, -1), Uint8Array.of(field.at(-1)! ^ 1));
    return {
      name: `${name}, field ${at} changed`,
      request: opens(fields.with(at, changed)),
      accepted: false,
    };
  });
  return [{ name, request: opens([...fields]), accepted: true, bytes: plaintext }, ...damaged];
}

/** The first message of each vector of suite 1 in mode_base, whole and damaged. */
export async function hpkeCases(): Promise<HpkeCase[]> {
  const path = join(debianSourceFolder(sources.hpke), 'hpke/testdata/vectors_v08_779d028.json');
  const suite1 = (JSON.parse(readFileSync(path, 'utf8')) as Vector[]).filter(
    ({ mode, kem_id, kdf_id, aead_id }) => mode === 0 && kem_id === 0x10 && kdf_id === 1 && aead_id === 2,
  );
  const draft = suite1.flatMap((vector, i) => {
    const { aad, ciphertext, plaintext } = vector.encryptions[0]!;
    const fields = [vector.skRm, vector.pkRm, vector.enc, vector.info, aad, ciphertext];
    return casesOf(
      `draft 08, vector ${i}`,
      fields.map((hex) => fromHex(hex)),
      plaintext,
    );
  });
  const { skRm, pkRm, enc, info } = rfc9180Suite1;
  const { aad, ciphertext, plaintext } = (await rfc9180Messages())[0]!;
  const fields = [...[skRm, pkRm, enc, info].map((hex) => fromHex(hex)), aad, ciphertext];
  return [...casesOf('RFC 9180', fields, toHex(plaintext)), ...draft];
}
