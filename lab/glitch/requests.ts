// Requests of the attacker, and signed objects that are altered in one thing.

import { type Bytes, u32le } from '@firmseal/bytes';
import { decodeCbor, encodeCbor, openCose, signCose } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { grantOf, readDelegationUnverified } from '@firmseal/formats';
import { licenseKind } from '@firmseal/license';
import { requestTypes } from '@firmseal/link';
import { manifestKind } from '@firmseal/seal';
import { delegate, keyPair } from '../../device/agent/test/trusted-site.ts';

/**
 * Encoded [object, ...] with the lowest bit of the n-th member's last byte, which
 * is the signature's, changed.
 */
export function withSignatureAltered(encoded: Bytes, member: number): Bytes {
  const members = decodeCbor(encoded, { maxBytes: 8192 }) as (Bytes | null)[];
  const altered = members[member]!.slice();
  altered[altered.length - 1]! ^= 1;
  members[member] = altered;
  return encodeCbor(members);
}

/** A package header with another manifest (0), delegation (1), epoch statement (2) or license (4). */
export function headerWith(header: Uint8Array, member: number, bytes: Uint8Array): Bytes {
  const members = decodeCbor(header, { maxBytes: 8192 }) as (Uint8Array | null)[];
  members[member] = bytes;
  return encodeCbor(members);
}

/** The license of another format version, signed as well by its issuer. */
export function otherVersion(bundle: Bytes): Bytes {
  const members = decodeCbor(bundle, { maxBytes: 8192 }) as (Bytes | null)[];
  const payload = decodeCbor(openCose(members[0]!, licenseKind.typ).payload, { maxBytes: 8192 }) as Map<
    number,
    Bytes
  >;
  const terms = decodeCbor(payload.get(0)!, { maxBytes: 8192 }) as Map<number, number>;
  payload.set(0, encodeCbor(new Map([...terms, [0, 2]])));
  const { privateKey } = keyPair('license issuer');
  members[0] = signCose(crypto, { privateKey, typ: licenseKind.typ, payload: encodeCbor(payload) });
  return encodeCbor(members);
}

/**
 * The header under a delegation whose cap is below the package's counter, which no sealer makes: the signer
 * names that delegation's grant.
 */
export async function aboveCap(headerBytes: Bytes, counterCap: number): Promise<Bytes> {
  const delegation = await delegate('package-signer', 'package signer', { counterCap });
  const members = decodeCbor(headerBytes, { maxBytes: 8192 }) as (Bytes | null)[];
  const { payload } = openCose(members[0]!, manifestKind.typ);
  const fields = decodeCbor(payload, { maxBytes: 8192 }) as Map<number, Bytes>;
  fields.set(5, grantOf(crypto, readDelegationUnverified(crypto, delegation)));
  const { privateKey } = keyPair('package signer');
  members[0] = signCose(crypto, { privateKey, typ: manifestKind.typ, payload: encodeCbor(fields) });
  members[1] = delegation;
  return encodeCbor(members);
}

/** Seals with tags that are wrong by a bit. */
export const wrongTags: Crypto = {
  ...crypto,
  aes256GcmSeal(inputs) {
    const sealed = crypto.aes256GcmSeal(inputs);
    sealed[sealed.length - 1]! ^= 1;
    return sealed;
  },
  // The sealer checks its own work, so it opens them too.
  aes256GcmOpen(inputs) {
    const sealed = inputs.sealed.slice();
    sealed[sealed.length - 1]! ^= 1;
    return crypto.aes256GcmOpen({ ...inputs, sealed });
  },
};

export interface Request {
  readonly type: number;
  readonly body: Uint8Array;
}

export const packageRequest = (header: Uint8Array): Request => ({ type: requestTypes.package, body: header });
export const licenseRequest = (bundle: Uint8Array): Request => ({ type: requestTypes.license, body: bundle });
export function recordRequest(index: number, record: Uint8Array): Request {
  const body = new Uint8Array(4 + record.length);
  body.set(u32le(index));
  body.set(record, 4);
  return { type: requestTypes.record, body };
}
