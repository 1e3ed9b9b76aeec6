// Wycheproof's and HPKE's published vectors through every build of the agent's crypto port: BearSSL as it
// runs here (both arithmetics, sanitizers), as Cortex-M4 code on QEMU and as ARMv6-M code on the virtual
// chip's core, and the WebAssembly build, whose cryptography is imported. In a sample the slow builds are
// given some of the cases on the curve.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { beforeEach, describe, expect, it } from 'vitest';
import { isWhole, sampled } from '../../../../../tools/test-report/sample.ts';
import { hasTool } from '../../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../../toolchain/bearssl.ts';
import { debianSourceMissing } from '../../../toolchain/debian-source.ts';
import {
  buildNativeRunner,
  buildQemuRunner,
  buildThumbRunner,
  runNative,
  runQemu,
  ThumbBench,
} from './crypto-builds.ts';
import type { Answer, Request } from './crypto-requests.ts';
import { wasmRunner } from './crypto-wasm.ts';
import { hpkeCases, rfc9180A3, rfc9180Keys } from './hpke-vectors.ts';
import { sources } from './vector-sources.ts';
import { type WycheproofFile, wycheproofTests } from './wycheproof.ts';

const missing =
  bearsslMissing() ?? debianSourceMissing(sources.wycheproof) ?? debianSourceMissing(sources.hpke);
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

type Build = {
  name: string;
  run: (requests: readonly Request[]) => Answer[] | Promise<Answer[]>;
  /** Every how many-th case of an operation on the curve it is given. */
  step: number;
  /** The port that asks node:crypto, which refuses a high s by itself. */
  isImported: boolean;
  lacking: () => string | undefined;
};

const native = (arithmetic: 'm15' | 'm31', sanitize: boolean): Build => ({
  name: `here, ${arithmetic}${sanitize ? ', sanitizers' : ''}`,
  run: (requests) => runNative(buildNativeRunner(arithmetic, sanitize), requests),
  step: sanitize ? sampled(1, 14) : 1,
  isImported: false,
  lacking: () => undefined,
});

const builds: Build[] = [
  native('m15', false),
  native('m31', false),
  ...sampled([native('m15', true)], []),
  native('m31', true),
  {
    name: 'Cortex-M4 on QEMU',
    run: (requests) => runQemu(buildQemuRunner(), requests),
    step: sampled(1, 20),
    isImported: false,
    lacking: () => (hasTool('qemu-system-arm') ? undefined : 'qemu-system-arm is not installed'),
  },
  {
    name: 'Cortex-M0+ on the core of the virtual chip',
    run: (requests) => {
      const bench = new ThumbBench(buildThumbRunner());
      return requests.map((request) => bench.run(request));
    },
    step: sampled(1, 300),
    isImported: false,
    lacking: () => undefined,
  },
  {
    name: 'WebAssembly, cryptography imported',
    run: async (requests) => requests.map(await wasmRunner(nodeCrypto)),
    step: 1,
    isImported: true,
    lacking: () => undefined,
  },
];

/**
 * What every file holds: its tests, those with a request, valid signatures with a high
 * s, and why the tests without a request have none.
 */
const expectedCounts: Record<WycheproofFile, (number | Record<string, number>)[]> = {
  'ecdsa_secp256r1_sha256_p1363_test.json': [
    ...[219, 210, 67],
    { 'signature of another length than 64 bytes': 9 },
  ],
  'ecdh_secp256r1_ecpoint_test.json': [216, 207, 0, { 'point of another length than 65 bytes': 9 }],
  'aes_gcm_test.json': [256, 48, 0, { 'another size of key, nonce or tag': 208 }],
  'hkdf_sha256_test.json': [
    ...[105, 98, 0],
    { 'key or salt of more than 64 bytes': 4, 'more output than HKDF has': 3 },
  ],
  'hmac_sha256_test.json': [
    ...[174, 30, 0],
    {
      'key or salt of more than 64 bytes': 6,
      'tag that is cut': 84,
      'wrong tag, where the port only computes': 54,
    },
  ],
};
const files = Object.keys(expectedCounts) as WycheproofFile[];

it.each(files)('Wycheproof: each test of %s is a case, or is left out for its reason', (file) => {
  const { total, cases, leftOut } = wycheproofTests(file);
  const highS = cases.filter(({ isHighS }) => isHighS).length;
  expect([total, cases.length, highS, leftOut]).toEqual(expectedCounts[file]);
  expect(Object.values(leftOut).reduce((sum, count) => sum + count, cases.length)).toBe(total);
});

describe.each(builds)('$name', ({ run, step, isImported, lacking }) => {
  beforeEach((context) => {
    const reason = lacking();
    if (reason !== undefined) context.skip(reason);
  });

  it.each(files)('answers the cases of %s as they say', async (file) => {
    const all = wycheproofTests(file).cases;
    const slow = ['verify', 'ecdh'].includes(all[0]!.request.operation);
    const cases = slow ? all.filter((_, i) => i % step === 0) : all;
    expect(cases.length).toBe(slow ? Math.ceil(all.length / step) : all.length);
    const answers = await run(cases.map(({ request }) => request));
    const found = answers.map(({ accepted, bytes }, i) => {
      const wanted = cases[i]!;
      return { id: wanted.id, accepted, ...(wanted.bytes !== undefined && { bytes: toHex(bytes) }) };
    });
    const wanted = cases.map(({ id, accepted, bytes, isHighS }) => ({
      id,
      accepted: accepted && !(isImported && isHighS),
      ...(bytes !== undefined && { bytes }),
    }));
    expect(found).toEqual(wanted);
    expect(found.length).toBeGreaterThan(0);
  });

  it('opens the vectors of HPKE, and none that was changed', async () => {
    const all = await hpkeCases();
    expect(all.length).toBe(14);
    // Each takes a multiplication on the curve; the first is opened, the others are changed.
    const cases = step > 10 ? [all[0]!, ...all.slice(1).filter((_, i) => i % 5 === 0)] : all;
    const answers = await run(cases.map(({ request }) => request));
    answers.forEach(({ accepted, bytes }, i) => {
      const wanted = cases[i]!;
      expect([wanted.name, accepted]).toEqual([wanted.name, wanted.accepted]);
      if (wanted.bytes !== undefined) expect(toHex(bytes)).toBe(wanted.bytes);
    });
  });
});

describe('RFC 9180, appendix A.3', () => {
  const { sharedSecret, key, baseNonce } = rfc9180A3;
  const wanted = { sharedSecret, key, baseNonce };

  it('over the port of a Cortex-M0+', () => {
    const bench = new ThumbBench(buildThumbRunner());
    expect(rfc9180Keys((request) => bench.run(request), rfc9180A3)).toEqual(wanted);
  });

  it.each(['m15', 'm31'] as const)('over the port here, %s', (arithmetic) => {
    const runner = buildNativeRunner(arithmetic, isWhole || arithmetic === 'm31');
    expect(rfc9180Keys((request) => runNative(runner, [request])[0]!, rfc9180A3)).toEqual(wanted);
  });

  it('over the port that is imported', async () => {
    expect(rfc9180Keys(await wasmRunner(nodeCrypto), rfc9180A3)).toEqual(wanted);
  });
});
