// The requests that the client builds are those that vectors/link/messages.json names as served.

import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@firmseal/bytes';
import {
  byteString,
  decodeCbor,
  field,
  integer,
  optionalField,
  readMap,
  textString,
} from '@firmseal/cbor-cose';
import { originOf } from '@firmseal/formats';
import { requestTypes } from '@firmseal/link';
import { describe, expect, it } from 'vitest';
import { personalizeBeginBody } from './personalize.ts';

interface Case {
  readonly name: string;
  readonly type: number;
  readonly body: string;
  readonly fault?: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/link/messages.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] };

const begins = cases.filter(({ type }) => type === requestTypes['personalize-begin']);

const shape = {
  rootPublicKey: field(0, byteString(65)),
  product: field(1, textString(1, 32)),
  epoch: field(2, integer(0, 2 ** 31 - 1)),
  challenge: field(3, byteString(0, 32)),
  seed: optionalField(4, byteString(32, 64)),
  origin: field(5, integer(0, 7)),
};

describe('personalize-begin', () => {
  it.each(begins.filter(({ fault }) => fault === undefined))('$name', ({ body }) => {
    const { origin, seed, ...fields } = readMap(
      decodeCbor(fromHex(body), { maxBytes: 4096 }),
      shape,
      'begin',
    );
    const built = personalizeBeginBody({
      ...{ ...fields, origin: originOf(origin)! },
      ...(seed === undefined ? {} : { seed }),
    });
    expect(toHex(built)).toBe(body);
  });
});

it('every type of the vectors that is served is one that the client sends', () => {
  const served = new Set(cases.filter(({ fault }) => fault !== 'request-unknown').map(({ type }) => type));
  // The two that only the anchor's loader takes have no vectors; anchor.test.ts of the agent sends them.
  const { 'agent-header': header, 'agent-code': code, ...ofAgents } = requestTypes;
  expect([header, code]).toEqual([0x40, 0x41]);
  const sent = new Set<number>(Object.values(ofAgents));
  expect([...served].filter((type) => !sent.has(type))).toEqual([]);
  expect([...sent].filter((type) => !served.has(type))).toEqual([]);
});
