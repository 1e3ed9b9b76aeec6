// Wycheproof's vectors (C2SP, Apache-2.0) as requests. The files are not in this tree: FIRMSEAL_WYCHEPROOF names a folder
// with a copy of its testvectors_v1. Only tests of suite 1's sizes are taken.

import { concatBytes, fromHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { Request } from './crypto-requests.ts';

export const wycheproofFiles = [
  'ecdsa_secp256r1_sha256_p1363_test.json',
  'ecdh_secp256r1_ecpoint_test.json',
  'aes_gcm_test.json',
  'hkdf_sha256_test.json',
  'hmac_sha256_test.json',
] as const;

export type WycheproofCase = {
  id: number;
  request: Request;
  accepted: boolean;
  bytes?: string;
  /** What the given implementation says. */
  nodeAccepts: boolean;
};

type Test = Readonly<Record<string, string>> & { tcId: number; size?: number };
type Group = {
  tests: Test[];
  publicKey?: { uncompressed: string };
  ivSize?: number;
  keySize?: number;
  tagSize?: number;
};

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const same = (a: Uint8Array, b: string) => Buffer.from(a).toString('hex') === b;

function signatureCase(test: Test, group: Group, crypto: Crypto): WycheproofCase | undefined {
  const [key, message, signature] = [group.publicKey!.uncompressed, test['msg']!, test['sig']!].map((hex) =>
    fromHex(hex),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  if (signature.length !== 64) return undefined;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const low = s > order / 2n && s < order ? (order - s).toString(16).padStart(64, '0') : undefined;
  const lowered = low ? concatBytes(signature.subarray(0, 32), fromHex(low)) : signature;
  return {
    id: test.tcId,
    request: { operation: 'verify', fields: [key, message, signature] },
    accepted: test['result'] === 'valid',
    nodeAccepts: crypto.verifyEs256(key, message, lowered),
  };
}

function ecdhCase(test: Test, crypto: Crypto): WycheproofCase | undefined {
  const point = fromHex(test['public']!);
  if (point.length !== 65) return undefined; // compressed points: suite 1 has none
  const scalar = fromHex(test['private']!.padStart(64, '0').slice(-64));
  const shared = crypto.ecdhP256(scalar, point);
  return {
    id: test.tcId,
    request: { operation: 'ecdh', fields: [scalar, point] },
    accepted: test['result'] !== 'invalid',
    ...(test['result'] !== 'invalid' && { bytes: test['shared']! }),
    nodeAccepts: shared !== undefined && (test['result'] === 'invalid' || same(shared, test['shared']!)),
  };
}

function gcmCase(
  test: Test,
  { ivSize, keySize, tagSize }: Group,
  crypto: Crypto,
): WycheproofCase | undefined {
  if (ivSize !== 96 || keySize !== 256 || tagSize !== 128) return undefined;
  const fields = ['key', 'iv', 'aad', 'ct', 'tag'].map((name) => fromHex(test[name]!));
  const [key, nonce, aad, ciphertext, tag] = fields as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const accepted = test['result'] === 'valid';
  return {
    id: test.tcId,
    request: { operation: 'gcmOpen', fields },
    accepted,
    bytes: test[accepted ? 'msg' : 'ct']!,
    nodeAccepts:
      crypto.aes256GcmOpen({ key, nonce, aad, sealed: concatBytes(ciphertext, tag) }) !== undefined,
  };
}

function hkdfCase(test: Test, crypto: Crypto): WycheproofCase | undefined {
  const [salt, ikm, info] = ['salt', 'ikm', 'info'].map((name) => fromHex(test[name]!)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const length = test.size!;
  if (length > 32 || salt.length > 64 || test['result'] === 'invalid') return undefined;
  return {
    id: test.tcId,
    request: { operation: 'hkdf', fields: [salt, ikm, info, Uint8Array.of(length)] },
    accepted: true,
    bytes: test['okm']!,
    nodeAccepts: same(crypto.hkdfSha256({ ikm, salt, info, length }), test['okm']!),
  };
}

function hmacCase(test: Test, { tagSize }: Group, crypto: Crypto): WycheproofCase | undefined {
  const [key, message] = [fromHex(test['key']!), fromHex(test['msg']!)];
  if (key.length > 64 || tagSize !== 256 || test['result'] !== 'valid') return undefined;
  return {
    id: test.tcId,
    request: { operation: 'hmac', fields: [key, message] },
    accepted: true,
    bytes: test['tag']!,
    nodeAccepts: same(crypto.hmacSha256(key, message), test['tag']!),
  };
}

/** The tests of a file that fit suite 1. */
export function wycheproofCases(
  file: { algorithm: string; testGroups: Group[] },
  crypto: Crypto,
): WycheproofCase[] {
  const caseOf = (test: Test, group: Group): WycheproofCase | undefined => {
    switch (file.algorithm) {
      case 'ECDSA':
        return signatureCase(test, group, crypto);
      case 'ECDH':
        return ecdhCase(test, crypto);
      case 'AES-GCM':
        return gcmCase(test, group, crypto);
      case 'HKDF-SHA-256':
        return hkdfCase(test, crypto);
      case 'HMACSHA256':
        return hmacCase(test, group, crypto);
      default:
        throw new Error(`no reader for ${file.algorithm}`);
    }
  };
  return file.testGroups.flatMap((group) => group.tests.flatMap((test) => caseOf(test, group) ?? []));
}
