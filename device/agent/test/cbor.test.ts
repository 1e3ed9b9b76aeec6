// The agent's CBOR check against the reader of packages/cbor-cose: the same outcome for the
// same bytes. Inputs: the shared vectors, encodings of random values, their mutations, and
// random bytes that look like CBOR.

import { readFileSync } from 'node:fs';
import { type CborInput, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { fsOk } from '@firmseal/virtual-stm32';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCborTest } from '../build.ts';

declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

interface TestExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  fs_test_input(): number;
  fs_test_cbor(length: number): number;
  fs_test_cbor_skip(length: number): number;
}

/** In the order of the enum in fs_cbor.h, from 1. */
const names = [
  'cbor-truncated',
  'cbor-type-refused',
  'cbor-not-deterministic',
  'cbor-duplicate-key',
  'cbor-too-deep',
  'cbor-text-invalid',
  'cbor-trailing-bytes',
];

let agent: TestExports;
beforeAll(async () => {
  const { instance } = await WebAssembly.instantiate(await buildCborTest(), {});
  agent = instance.exports as TestExports;
});

function byAgent(bytes: Uint8Array): string {
  new Uint8Array(agent.memory.buffer).set(bytes, agent.fs_test_input());
  const result = agent.fs_test_cbor(bytes.length);
  if (result !== fsOk) return names[result - 1] ?? `unknown ${result}`;
  expect(agent.fs_test_cbor_skip(bytes.length)).toBe(fsOk);
  return 'ok';
}

function byPackage(bytes: Uint8Array): string {
  try {
    decodeCbor(bytes, { maxBytes: 8192 });
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 70000 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.uint8Array({ maxLength: 40 }),
  fc.boolean(),
  fc.constant(null),
);
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.integer({ min: -40, max: 300 }), tie('value')), { maxLength: 5 })
      .map((p) => new Map(p)),
  ),
})).value;

/** Bytes of which many are heads of items. */
const likeCbor = fc.array(
  fc.oneof(
    fc.constantFrom(
      0x80,
      0x81,
      0x82,
      0xa0,
      0xa1,
      0xa2,
      0x40,
      0x41,
      0x60,
      0x61,
      0x18,
      0x19,
      0x1a,
      0x1b,
      0xf6,
      0xd2,
    ),
    fc.constantFrom(
      0x5f,
      0x9f,
      0xff,
      0xf9,
      0xfa,
      0xfb,
      0xf8,
      0x1c,
      0x3b,
      0x38,
      0x58,
      0x78,
      0x98,
      0xb8,
      0xc0,
      0xe0,
    ),
    fc.integer({ min: 0, max: 255 }),
  ),
  { maxLength: 60 },
);

describe('the agent refuses what packages/cbor-cose refuses, for the same reason', () => {
  it('the shared vectors', () => {
    const path = new URL('../../../vectors/cbor/decode.json', import.meta.url);
    const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: { hex?: string; bytes?: string }[] };
    expect(cases.length).toBeGreaterThan(30);
    for (const one of cases) {
      const bytes = Uint8Array.from(Buffer.from(one.hex ?? one.bytes ?? '', 'hex'));
      if (bytes.length <= 8192) expect([one, byAgent(bytes)]).toEqual([one, byPackage(bytes)]);
    }
  });

  it('encodings, and every one with a byte changed', () => {
    let fine = 0;
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (item, at, change) => {
        let bytes: Uint8Array;
        try {
          bytes = encodeCbor(item as CborInput);
        } catch {
          return; // deeper than the profile allows
        }
        if (byAgent(bytes) === 'ok') fine++;
        expect(byAgent(bytes)).toBe(byPackage(bytes));
        const mutated = Uint8Array.from(bytes);
        mutated[at % bytes.length]! ^= change;
        expect(byAgent(mutated)).toBe(byPackage(mutated));
        const cut = bytes.subarray(0, at % bytes.length);
        expect(byAgent(cut)).toBe(byPackage(cut));
      }),
      { seed: 7, numRuns: 4000 },
    );
    expect(fine).toBeGreaterThan(3000);
  });

  it('bytes that look like CBOR', () => {
    const met = new Map<string, number>();
    fc.assert(
      fc.property(likeCbor, (list) => {
        const bytes = Uint8Array.from(list);
        const outcome = byAgent(bytes);
        met.set(outcome, (met.get(outcome) ?? 0) + 1);
        expect(outcome).toBe(byPackage(bytes));
      }),
      { seed: 11, numRuns: 20000 },
    );
    expect([...met.keys()].sort()).toEqual(
      expect.arrayContaining(['cbor-truncated', 'cbor-type-refused', 'ok']),
    );
  });
});
