// Images of agents: the vectors, judged by the C that anchor and agent share, with their head in flash and
// held back; and a check with one of its defences taken out is found out by a vector.

import { readFileSync } from 'node:fs';
import { fromHex } from '@firmseal/bytes';
import { expect, it } from 'vitest';
import { type AnchorData, ImageChecker } from './agent-image.ts';

interface ImageCase {
  readonly name: string;
  readonly image: string;
  readonly chip?: string;
  readonly product?: string;
  readonly epoch?: number;
  readonly agentVersion?: number;
  readonly fault?: string;
}

const file = JSON.parse(
  readFileSync(new URL('../../../vectors/agent-image/check.json', import.meta.url), 'utf8'),
);
const cases: readonly ImageCase[] = file.cases;

const anchorFor = ({ product = file.product, epoch = file.epoch }: ImageCase): AnchorData => ({
  ...{ rootPublicKey: fromHex(file.rootPublicKey), product, epoch },
  measured: { codeDigest: fromHex(file.measured.codeDigest), counter: file.measured.counter },
});

const outcome = (checker: ImageChecker, one: ImageCase, held = false) =>
  checker.check(fromHex(one.image), anchorFor(one), held);

it('every vector ends as it says, also while its head is held back', async () => {
  const checker = await ImageChecker.create();
  expect(cases.length).toBeGreaterThan(50);
  for (const one of cases)
    for (const held of [false, true])
      expect([one.name, held, outcome(checker, one, held)]).toEqual([
        one.name,
        held,
        one.fault ?? one.agentVersion,
      ]);
});

it.each([
  ['agent-image-signature', 'signed by a stranger', '(void)cose;'],
  ['agent-image-product', 'stated for another product', '(void)is_product(read.product, trust);'],
  ['agent-image-chip', 'stated for another chip', '(void)is_chip(read.chip);'],
  ['agent-image-digest', 'a byte of the code changed', '(void)hash;'],
  ['agent-image-digest', 'another agent without a proof', '(void)hash;'],
])('without %s the vector "%s" is another one', async (defence, name, instead) => {
  const weak = await ImageChecker.create({ [defence]: instead });
  const one = cases.find((candidate) => candidate.name === name)!;
  expect(outcome(weak, one)).not.toBe(one.fault);
});

it('nothing behind the slot is read: without its check the length of the code leads there', async () => {
  const weak = await ImageChecker.create({ 'agent-image-length': ';' });
  const one = cases.find(({ name }) => name === 'code of 2^32 - 32 bytes')!;
  expect(() => outcome(weak, one)).toThrow('outside of the slot');
});

it('one pass is not enough: the flow word shows that the second was left out', async () => {
  const weak = await ImageChecker.create({ 'agent-image-second-pass': '*facts = first;' });
  expect(outcome(weak, cases[0]!)).toBe('number 0');
});
