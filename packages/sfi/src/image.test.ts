// Every vector; files that a writer made; and no bytes at all crash the reader.

import { readFileSync } from 'node:fs';
import { concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeSfi } from '../test/write-sfi.ts';
import { readSfi } from './image.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly layout?: string;
  readonly areas?: readonly Record<string, unknown>[];
  readonly fault?: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/sfi/read.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

function faultOf(file: Uint8Array): Fault | undefined {
  try {
    readSfi(Uint8Array.from(file));
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

describe('vectors', () => {
  test.each(cases)('$name', ({ file, layout, areas, fault }) => {
    const bytes = fromHex(file, 'file');
    expect(faultOf(bytes)?.code).toBe(fault);
    if (fault !== undefined) return;
    const read = readSfi(bytes);
    expect(read.layout).toBe(layout);
    expect(
      read.areas.map(({ type, imageVersion, index, destinationAddress, totalAreas, offset, payload }) => ({
        type,
        imageVersion,
        index,
        destinationAddress,
        totalAreas,
        offset,
        payload: toHex(payload),
      })),
    ).toEqual(areas);
  });
});

test('a fault names the byte and the part that is too short', () => {
  const file = writeSfi([
    { type: 'F', payload: new Uint8Array(64), destinationAddress: 0x08000000 },
    { type: 'C', payload: new Uint8Array(36) },
  ]);
  expect(faultOf(file.subarray(0, -1))).toMatchObject({
    code: 'sfi-truncated',
    fields: { what: 'the payload of area 2', offset: 152, needed: 36, sizeBytes: file.length - 1 },
  });
  expect(faultOf(file.subarray(0, 130))).toMatchObject({
    fields: { what: 'the header of area 2', offset: 122, needed: 30 },
  });
});

test('what is merely odd is told and not refused', () => {
  const file = concatBytes(
    writeSfi([
      { type: 'F', payload: new Uint8Array(32), destinationAddress: 0x08000000 },
      { type: 'C', payload: new Uint8Array(4), index: 7, totalAreas: 9, imageVersion: 3 },
      { type: 0x99, payload: new Uint8Array(4), destinationAddress: 0x08000010 },
      { type: 'M', payload: new Uint8Array(4), destinationAddress: 0x08000010 },
    ]),
    utf8('tail'),
  );
  expect(readSfi(file).notes).toEqual([
    'area 2 at byte 90 calls itself area 7',
    'area 2 at byte 90 counts 9 areas, the image header 4',
    'area 2 at byte 90 has image version 3, the first area 23',
    'area 2 at byte 90 holds option bytes and is not the last one',
    'area 3 at byte 124 has the type 0x99, which no public document names',
    "area 4 at 0x08000010 overlaps area 1 at 0x08000000; ST's packager refuses such an image",
    '4 bytes follow the last area, from byte 192 on',
  ]);
});

test('of very many oddities the first are told', () => {
  const areas = Array.from({ length: 500 }, () => ({ type: 'X', payload: new Uint8Array(0) }));
  const { notes } = readSfi(writeSfi(areas));
  expect(notes).toHaveLength(61);
  expect(notes.at(-1)).toBe('and 441 notes more');
});

describe('hostile files', () => {
  const whole = writeSfi([
    { type: 'F', payload: new Uint8Array(40), destinationAddress: 0x08000000 },
    { type: 'P', payload: new Uint8Array(0), destinationAddress: 0x08010000 },
    { type: 'C', payload: new Uint8Array(36) },
  ]);

  test('every truncation is a fault', () => {
    for (let length = 0; length < whole.length; length++)
      expect(faultOf(whole.subarray(0, length)), String(length)).toBeInstanceOf(Fault);
  });

  test('no change of bytes and no bytes at all throw anything but a fault', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        fc.uint8Array({ maxLength: 200 }),
        (changes, other) => {
          const changed = Uint8Array.from(whole);
          for (const [at, value] of changes) changed[at] = value;
          faultOf(changed);
          faultOf(other);
          faultOf(concatBytes(whole.subarray(0, 28), other));
        },
      ),
      { seed: 20260, numRuns: 2000 },
    );
  });
});
