// Vectors of spec/license.md section 3: content-key files for the usual package.

import { type Bytes, Secret } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { sealContentKey } from '@firmseal/license';
import { licensedManifestDigest, licensedPieces } from './license-parts.ts';
import { keyPair, seededBytes } from './vector-keys.ts';
import { decode, flipLast } from './workshop.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

export interface ContentKeyCase {
  readonly name: string;
  readonly file: Bytes;
  readonly fault?: FaultCode;
}

export function contentKeyCases(): ContentKeyCase[] {
  const wrap = (contentKey: Bytes, manifestDigest = licensedManifestDigest) =>
    sealContentKey(crypto, {
      contentKey: new Secret(contentKey.slice()),
      manifestDigest,
      authorityKemKey: keyPair('authority KEM').publicKey,
      ephemeral: keyPair('HPKE ephemeral'),
    });
  const file = wrap(licensedPieces.contentKey);
  const items = decode(file) as CborInput[];
  const bad = (name: string, value: CborInput): ContentKeyCase => ({
    name,
    fault: 'content-key-malformed',
    file: encodeCbor(value),
  });
  const unopened = (name: string, at: number, value: CborInput): ContentKeyCase => ({
    name,
    fault: 'content-key-unwrap-failed',
    file: encodeCbor(items.with(at, value)),
  });
  return [
    { name: 'content-key file', file },
    { name: 'empty file', fault: 'content-key-malformed', file: filled(0, 0) },
    bad('version 2', items.with(0, 2)),
    bad('three items', items.slice(0, 3)),
    bad('digest of 31 bytes', items.with(1, filled(31, 0))),
    bad('ciphertext of 47 bytes', items.with(3, filled(47, 0))),
    {
      name: 'of another package, wrapped for it',
      fault: 'content-key-package-wrong',
      file: wrap(licensedPieces.contentKey, filled(32, 1)),
    },
    {
      name: 'of another package, and an enc that is no point',
      fault: 'content-key-package-wrong',
      file: encodeCbor(items.with(1, filled(32, 1)).with(2, filled(65, 4))),
    },
    unopened('enc that is no point', 2, filled(65, 4)),
    unopened('bit of the ciphertext', 3, flipLast(items[3] as Bytes)),
    {
      name: 'another key, wrapped by a stranger',
      fault: 'key-commitment-wrong',
      file: wrap(seededBytes('a key of a stranger', 32)),
    },
  ];
}
