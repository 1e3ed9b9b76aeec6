// Wycheproof's vectors (C2SP, Apache-2.0) as requests: from Debian's source package of BoringSSL,
// which carries them (vector-sources.json); nothing of them is in the tree. Tests that suite 1 has no
// input for are left out and counted.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '@firmseal/bytes';
import { debianSourceFolder } from '../../../toolchain/debian-source.ts';
import type { Request } from './crypto-requests.ts';
import { order, sources } from './vector-sources.ts';

export type WycheproofFile =
  | 'ecdsa_secp256r1_sha256_p1363_test.json'
  | 'ecdh_secp256r1_ecpoint_test.json'
  | 'aes_gcm_test.json'
  | 'hkdf_sha256_test.json'
  | 'hmac_sha256_test.json';

type WycheproofCase = {
  id: number;
  request: Request;
  accepted: boolean;
  /** Hex of the answer. */
  bytes?: string;
  /** A valid signature whose s is above half the order: the port's business to take, the core's to refuse. */
  isHighS?: true;
};

type Test = Readonly<Record<string, string>> & { tcId: number; size?: number };
type Group = {
  tests: Test[];
  key?: { uncompressed: string };
  ivSize?: number;
  keySize?: number;
  tagSize?: number;
};

/** Why a test has no request; counted by these words. */
type LeftOut = string;

function signatureCase(test: Test, group: Group): WycheproofCase | LeftOut {
  const fields = [group.key!.uncompressed, test['msg']!, test['sig']!].map((hex) => fromHex(hex));
  if (fields[2]!.length !== 64) return 'signature of another length than 64 bytes';
  const accepted = test['result'] === 'valid';
  const s = BigInt(`0x${test['sig']!.slice(64)}`);
  return {
    id: test.tcId,
    request: { operation: 'verify', fields },
    accepted,
    ...(accepted && s > order / 2n && { isHighS: true }),
  };
}

function ecdhCase(test: Test): WycheproofCase | LeftOut {
  const point = fromHex(test['public']!);
  if (point.length !== 65) return 'point of another length than 65 bytes';
  const scalar = fromHex(test['private']!.padStart(64, '0').slice(-64));
  const accepted = test['result'] !== 'invalid';
  return {
    id: test.tcId,
    request: { operation: 'ecdh', fields: [scalar, point] },
    accepted,
    ...(accepted && { bytes: test['shared']! }),
  };
}

function gcmCase(test: Test, { ivSize, keySize, tagSize }: Group): WycheproofCase | LeftOut {
  if (ivSize !== 96 || keySize !== 256 || tagSize !== 128) return 'another size of key, nonce or tag';
  const accepted = test['result'] === 'valid';
  return {
    id: test.tcId,
    request: {
      operation: 'gcmOpen',
      fields: ['key', 'iv', 'aad', 'ct', 'tag'].map((name) => fromHex(test[name]!)),
    },
    accepted,
    bytes: test[accepted ? 'msg' : 'ct']!,
  };
}

/**
 * Output beyond one block is cut: the first 32 bytes are the same whatever the length (RFC 5869 section 2.3).
 */
function hkdfCase(test: Test): WycheproofCase | LeftOut {
  if (test['result'] === 'invalid') return 'more output than HKDF has';
  const [salt, ikm, info] = ['salt', 'ikm', 'info'].map((name) => fromHex(test[name]!));
  if (salt!.length > 64) return 'key or salt of more than 64 bytes';
  const length = Math.min(test.size!, 32);
  return {
    id: test.tcId,
    request: { operation: 'hkdf', fields: [salt!, ikm!, info!, Uint8Array.of(length)] },
    accepted: true,
    bytes: test['okm']!.slice(0, 2 * length),
  };
}

function hmacCase(test: Test, { tagSize }: Group): WycheproofCase | LeftOut {
  const [key, message] = [fromHex(test['key']!), fromHex(test['msg']!)];
  if (key.length > 64) return 'key or salt of more than 64 bytes';
  if (tagSize !== 256) return 'tag that is cut';
  if (test['result'] !== 'valid') return 'wrong tag, where the port only computes';
  return {
    id: test.tcId,
    request: { operation: 'hmac', fields: [key, message] },
    accepted: true,
    bytes: test['tag']!,
  };
}

const readers: Record<string, (test: Test, group: Group) => WycheproofCase | LeftOut> = {
  ECDSA: signatureCase,
  ECDH: ecdhCase,
  'AES-GCM': gcmCase,
  'HKDF-SHA-256': hkdfCase,
  HMACSHA256: hmacCase,
};

export type WycheproofTests = {
  /** As the file counts itself. */
  total: number;
  cases: WycheproofCase[];
  leftOut: Record<LeftOut, number>;
};

/** The tests of one file; each is a case, or is counted under the reason that excludes it. */
export function wycheproofTests(name: WycheproofFile): WycheproofTests {
  const folder = join(debianSourceFolder(sources.wycheproof), 'src/third_party/wycheproof_testvectors');
  const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
    algorithm: string;
    numberOfTests: number;
    testGroups: Group[];
  };
  const read = readers[file.algorithm];
  if (read === undefined) throw new Error(`no reader for ${file.algorithm}`);
  const cases: WycheproofCase[] = [];
  const leftOut: Record<LeftOut, number> = {};
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      const found = read(test, group);
      if (typeof found === 'string') leftOut[found] = (leftOut[found] ?? 0) + 1;
      else cases.push(found);
    }
  }
  return { total: file.numberOfTests, cases, leftOut };
}
