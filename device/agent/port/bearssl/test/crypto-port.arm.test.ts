// The crypto port against published answers and against node:crypto: as it runs here with both of BearSSL's arithmetics
// (and once more under the sanitizers), and as the machine code of a Cortex-M0+.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasTool } from '../../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../../toolchain/bearssl.ts';
import { buildNativeRunner, buildThumbRunner, runNative, ThumbBench } from './crypto-builds.ts';
import type { Answer, Request } from './crypto-requests.ts';
import { differentialCases } from './differential.ts';
import { knownAnswers } from './known-answers.ts';
import { wycheproofCases, wycheproofFiles } from './wycheproof.ts';

const missing = bearsslMissing();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

type Build = { name: string; run: (requests: readonly Request[]) => Answer[] };

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

const builds = (): Build[] => natives.concat(hasTool('arm-none-eabi-gcc') ? thumb : []);

describe.each(builds())('$name', ({ run }) => {
  it('gives the published answers and refuses what is no valid input', () => {
    const answers = run(knownAnswers.map(({ request }) => request));
    const found = answers.map(({ accepted, bytes }, i) => {
      const { name, bytes: wanted } = knownAnswers[i]!;
      return wanted === undefined ? { name, accepted } : { name, accepted, bytes: toHex(bytes) };
    });
    const wanted = knownAnswers.map(({ name, accepted, bytes }) =>
      bytes === undefined ? { name, accepted } : { name, accepted, bytes },
    );
    expect(found).toEqual(wanted);
  });
});

describe('beside node:crypto', () => {
  const compare = (build: Build, cases: ReturnType<typeof differentialCases>) => {
    const answers = build.run(cases.map(({ request }) => request));
    answers.forEach((answer, i) => {
      const { name, accepted, bytes } = cases[i]!;
      expect(answer.accepted, `${build.name}: case ${i}, ${name}`).toBe(accepted);
      if (bytes !== undefined) expect(toHex(answer.bytes), `case ${i}, ${name}`).toBe(toHex(bytes));
    });
    // Both outcomes have to occur, or the comparison says nothing.
    expect(cases.filter(({ accepted }) => accepted).length).toBeGreaterThan(cases.length / 5);
    expect(cases.filter(({ accepted }) => !accepted).length).toBeGreaterThan(cases.length / 5);
  };

  it.each(natives.slice(0, 2))('$name accepts and gives the same for 4000 seeded inputs', (build) => {
    compare(build, differentialCases(nodeCrypto, 'port', 4000));
  });

  it('does so as machine code, for 24 inputs', (context) => {
    if (!hasTool('arm-none-eabi-gcc')) context.skip('arm-none-eabi-gcc is not installed');
    compare(thumb, differentialCases(nodeCrypto, 'thumb', 24));
  });
});

describe('Wycheproof', () => {
  const folder = process.env['FIRMSEAL_WYCHEPROOF'];
  it.for(wycheproofFiles)('%s', (file, context) => {
    if (folder === undefined)
      return context.skip('FIRMSEAL_WYCHEPROOF does not name a copy of testvectors_v1');
    const cases = wycheproofCases(JSON.parse(readFileSync(join(folder, file), 'utf8')), nodeCrypto);
    expect(cases.length).toBeGreaterThan(20);
    for (const { name, run } of natives.slice(0, 2)) {
      run(cases.map(({ request }) => request)).forEach((answer, i) => {
        const { id, accepted, bytes } = cases[i]!;
        expect(answer.accepted, `${name}: test ${id}`).toBe(accepted);
        if (bytes !== undefined) expect(toHex(answer.bytes), `${name}: test ${id}`).toBe(bytes);
      });
    }
    for (const { id, accepted, nodeAccepts } of cases)
      expect(nodeAccepts, `node:crypto: test ${id}`).toBe(accepted);
  });
});
