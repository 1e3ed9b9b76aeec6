// The data blocks of vectors/anchor/start.json, read by the C that anchor and agent share, and the images
// that the anchor checks by them; without the anchor's knowledge of the agent signer a vector is another one.

import { readFileSync } from 'node:fs';
import { fromHex, utf8 } from '@firmseal/bytes';
import { expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { ImageChecker } from './agent-image.ts';

interface AnchorCase {
  readonly name: string;
  readonly block: string;
  readonly reads?: {
    readonly epoch: number;
    readonly counter: number;
    readonly codeDigest: string;
    readonly rootPublicKey: string | null;
    readonly product: string;
    readonly signer?: { readonly publicKey: string; readonly counterCap: number };
  };
  readonly image?: string;
  readonly agentVersion?: number;
  readonly fault?: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/anchor/start.json', import.meta.url), 'utf8'),
) as { cases: readonly AnchorCase[] };

const zeros = new Uint8Array(65);
const bytesOf = (hex: string | null | undefined) => (hex == null ? zeros : fromHex(hex));

/** What C is to find: zeros where the block names nobody. */
const readingOf = ({ reads, fault }: AnchorCase) =>
  reads === undefined
    ? fault
    : {
        ...{ epoch: reads.epoch, counter: reads.counter, codeDigest: fromHex(reads.codeDigest) },
        ...{ rootPublicKey: bytesOf(reads.rootPublicKey), product: utf8(reads.product) },
        signer: {
          publicKey: bytesOf(reads.signer?.publicKey),
          counterCap: reads.signer?.counterCap ?? 0,
        },
      };

it('every block reads as it says, and every image ends as it says', async () => {
  const checker = await ImageChecker.create({}, true);
  expect(cases.length).toBeGreaterThan(30);
  for (const [i, one] of cases.entries()) {
    expect([one.name, checker.readBlock(fromHex(one.block))]).toEqual([one.name, readingOf(one)]);
    // Two signatures each, in WebAssembly: a sample checks one image in four.
    if (one.image === undefined || i % sampled(1, 4) !== 0) continue;
    const outcome = checker.checkByBlock(fromHex(one.image));
    expect([one.name, outcome]).toEqual([one.name, one.fault ?? one.agentVersion]);
  }
});

it('the agent asks for the word of the root where the anchor does not', async () => {
  const checker = await ImageChecker.create();
  const one = cases.find(
    ({ name }) => name === 'the named agent signer, delegated in an epoch that has ended',
  )!;
  checker.readBlock(fromHex(one.block));
  expect(checker.checkByBlock(fromHex(one.image!))).toBe('delegation-revoked');
});
