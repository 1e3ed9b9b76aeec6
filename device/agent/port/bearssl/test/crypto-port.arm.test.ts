// The crypto port against published answers and against node:crypto: as it runs here with both of BearSSL's
// arithmetics (and once more under the sanitizers), and as the machine code of a Cortex-M0+.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasTool } from '../../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../../toolchain/bearssl.ts';
import { buildNativeRunner, buildThumbRunner, runNative, ThumbBench } from './crypto-builds.ts';
import type { Answer, Request } from './crypto-requests.ts';
import { wasmRunner } from './crypto-wasm.ts';
import { differentialCases } from './differential.ts';
import { type KnownAnswer, knownAnswers } from './known-answers.ts';
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

describe.each(builds())('$name', (build) => {
  it('gives the published answers and refuses what is no valid input', async () => {
    const cases = build === wasm ? knownAnswers.map(asImported) : knownAnswers;
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

  it.each(natives.slice(0, 2))('$name accepts and gives the same for 4000 seeded inputs', async (build) => {
    await compare(build, differentialCases(nodeCrypto, 'port', 4000));
  });

  it('does so as machine code, for 24 inputs', async (context) => {
    if (!hasTool('arm-none-eabi-gcc')) context.skip('arm-none-eabi-gcc is not installed');
    await compare(thumb, differentialCases(nodeCrypto, 'thumb', 24));
  });
});
