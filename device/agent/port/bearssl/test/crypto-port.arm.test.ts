// The crypto port against published answers and against node:crypto: as it runs here with both of BearSSL's
// arithmetics (and once more under the sanitizers), and as the machine code of a Cortex-M0+.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { beforeEach, describe, expect, it } from 'vitest';
import { isWhole, sampled } from '../../../../../tools/test-report/sample.ts';
import { hasTool } from '../../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../../toolchain/bearssl.ts';
import { buildNativeRunner, buildThumbRunner, runNative, ThumbBench } from './crypto-builds.ts';
import type { Answer, Request } from './crypto-requests.ts';
import { wasmRunner } from './crypto-wasm.ts';
import { differentialCases } from './differential.ts';
import { type KnownAnswer, knownAnswers } from './known-answers.ts';
import { nonceOf, signatureUnder } from './rfc6979.ts';
import { order } from './vector-sources.ts';

const missing = bearsslMissing();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

type Build = { name: string; run: (requests: readonly Request[]) => Answer[] | Promise<Answer[]> };

const natives: Build[] = [
  ['m15', false],
  ['m31', false],
  ['m15', true],
  ['m31', true],
].map(([arithmetic, sanitize]) => ({
  name: `here, ${arithmetic}${sanitize ? ', sanitizers' : ''}`,
  run: (requests) => runNative(buildNativeRunner(arithmetic as 'm15' | 'm31', sanitize as boolean), requests),
}));

const thumb: Build = {
  name: 'Cortex-M0+',
  run: (requests) => {
    const bench = new ThumbBench(buildThumbRunner());
    return requests.map((request) => bench.run(request));
  },
};

const wasm: Build = {
  name: 'WebAssembly, cryptography imported',
  run: async (requests) => requests.map(await wasmRunner(nodeCrypto)),
};

const builds = (): Build[] => natives.concat(wasm, hasTool('arm-none-eabi-gcc') ? thumb : []);

/**
 * The imported port signs with random nonces, and refuses a high s itself, which
 * the core does for the others.
 */
const asImported = (one: KnownAnswer): KnownAnswer => {
  const { operation, fields } = one.request;
  if (operation === 'sign') return { name: one.name, request: one.request, accepted: one.accepted };
  const isHighS = operation === 'verify' && BigInt(`0x${toHex(fields[2]!.subarray(32))}`) > order / 2n;
  return isHighS ? { ...one, accepted: false } : one;
};

const isSlow = (operation: string) => ['verify', 'ecdh', 'sign', 'public'].includes(operation);

/**
 * For machine code in a sample: of each operation on the curve the first that is
 * accepted and the first that is not.
 */
function fewOnTheCurve(cases: readonly KnownAnswer[]): readonly KnownAnswer[] {
  const seen = new Set<string>();
  return cases.filter(({ accepted, request: { operation } }) => {
    const kind = `${operation} ${accepted}`;
    if (isSlow(operation) && seen.has(kind)) return false;
    seen.add(kind);
    return true;
  });
}

describe.each(builds())('$name', (build) => {
  it('gives the published answers and refuses what is no valid input', async () => {
    const all = build === wasm ? knownAnswers.map(asImported) : knownAnswers;
    const cases = build === thumb && !isWhole ? fewOnTheCurve(all) : all;
    const answers = await build.run(cases.map(({ request }) => request));
    const found = answers.map(({ accepted, bytes }, i) => {
      const { name, bytes: wanted } = cases[i]!;
      return wanted === undefined ? { name, accepted } : { name, accepted, bytes: toHex(bytes) };
    });
    const wanted = cases.map(({ name, accepted, bytes }) =>
      bytes === undefined ? { name, accepted } : { name, accepted, bytes },
    );
    expect(found).toEqual(wanted);
  });
});

it.each([
  [
    'sample',
    'a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60',
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ],
  [
    'test',
    'd16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0',
    'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
    '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  ],
])('the reference for nonces gives those of RFC 6979 A.2.5 for "%s"', (text, k, r, s) => {
  const key = fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
  const nonce = nonceOf(key, utf8(text));
  expect(nonce.toString(16)).toBe(k);
  expect(toHex(signatureUnder(key, utf8(text), nonce))).toBe(r + s);
  expect(nonceOf(key, utf8(text), new Uint8Array(32)), 'k of section 3.6').not.toBe(nonce);
});

const inputs = sampled(4000, 1000);

describe('beside node:crypto', () => {
  const compare = async (build: Build, cases: ReturnType<typeof differentialCases>) => {
    const answers = await build.run(cases.map(({ request }) => request));
    answers.forEach((answer, i) => {
      const { name, accepted, bytes } = cases[i]!;
      expect(answer.accepted, `${build.name}: case ${i}, ${name}`).toBe(accepted);
      if (bytes !== undefined) expect(toHex(answer.bytes), `case ${i}, ${name}`).toBe(toHex(bytes));
    });
    // Both outcomes have to occur, or the comparison says nothing.
    expect(cases.filter(({ accepted }) => accepted).length).toBeGreaterThan(cases.length / 5);
    expect(cases.filter(({ accepted }) => !accepted).length).toBeGreaterThan(cases.length / 5);
  };

  it.each(natives.slice(0, 2))(
    `$name accepts and gives the same for ${inputs} seeded inputs`,
    async (build) => {
      await compare(build, differentialCases(nodeCrypto, 'port', inputs));
    },
  );

  it('does so as machine code', async (context) => {
    if (!hasTool('arm-none-eabi-gcc')) context.skip('arm-none-eabi-gcc is not installed');
    await compare(thumb, differentialCases(nodeCrypto, 'thumb', sampled(24, 8)));
  });
});
