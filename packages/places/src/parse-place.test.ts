// Every vector; and for any place at all: its text reads back to it, and no text crashes the reader.

import { readFileSync } from 'node:fs';
import { Fault } from '@firmseal/fault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePlace, placeText } from './index.ts';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/places/read.json', import.meta.url), 'utf8'),
) as { cases: { name: string; text: string; canonical?: string; fault?: string }[] };

function faultOf(text: string): Fault | undefined {
  try {
    parsePlace(text);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

describe('vectors', () => {
  test.each(cases)('$name: $text', ({ text, canonical, fault }) => {
    expect(faultOf(text)?.code).toBe(fault);
    if (canonical !== undefined) expect(placeText(parsePlace(canonical))).toBe(canonical);
    if (canonical !== undefined) expect(placeText(parsePlace(text))).toBe(canonical);
  });
});

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,9}[a-z0-9])?$/);
const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => new URL(`http://[${text}]/`).hostname.slice(1, -1)),
  fc
    .array(label, { minLength: 1, maxLength: 4 })
    .filter((labels) => !/^\d+$/.test(labels.at(-1)!))
    .map((labels) => labels.join('.')),
);
const number = (min: number, max: number) => fc.integer({ min, max });
const path = fc.oneof(
  fc
    .array(fc.stringMatching(/^[!-.0-?A-~]{1,12}$/), { minLength: 1, maxLength: 6 })
    .filter((parts) => parts.every((part) => part !== '.' && part !== '..'))
    .map((parts) => `/${parts.join('/')}`),
  number(1, 999).map((n) => `COM${n}`),
);
const socket = { bus: number(0, 255), ports: fc.array(number(1, 255), { minLength: 1, maxLength: 7 }) };
const near = fc.oneof(
  fc.record({ kind: fc.constant('serial' as const), path }),
  fc.record({ kind: fc.constant('serial' as const), path, baud: number(1200, 20_000_000) }),
  fc.record({ kind: fc.constantFrom('usb' as const, 'probe' as const), ...socket }),
  fc.record({
    kind: fc.constantFrom('tcp' as const, 'openocd' as const, 'virtual' as const),
    host,
    port: number(1, 65535),
  }),
);
const place = fc.oneof(
  near,
  fc.record({
    kind: fc.constant('station' as const),
    station: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/),
    place: near,
  }),
  fc.constant({ kind: 'written' as const }),
);

describe('any place', () => {
  test('is read back from its text, and that text is canonical', () => {
    fc.assert(
      fc.property(place, (one) => {
        const text = placeText(one);
        expect(parsePlace(text)).toEqual(one);
        expect(placeText(parsePlace(text))).toBe(text);
      }),
    );
  });

  test('any text is a place or a fault that shows the text, a reason and a remedy with an example', () => {
    const kinds = fc.constantFrom(
      'serial:',
      'usb:',
      'probe:',
      'tcp:',
      'openocd:',
      'virtual:',
      'station:',
      'written',
      '',
    );
    const tail = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fA-F.:@/[\]COM-]{0,40}$/));
    fc.assert(
      fc.property(kinds, tail, (kind, rest) => {
        const text = kind + rest;
        const fault = faultOf(text);
        if (fault === undefined) {
          expect(faultOf(placeText(parsePlace(text)))).toBeUndefined();
          return;
        }
        expect(fault.fields['place']).toBe(text);
        expect(fault.code).toMatch(/^place-/);
        expect(fault.fields).toHaveProperty('part');
        expect(fault.remedy).toMatch(/`(serial|usb|tcp|station):/);
      }),
      { numRuns: 3000 },
    );
  });

  test('a change of one character is another place, the same place or a fault, never a crash', () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), (one, at, code) => {
        const text = placeText(one);
        const index = at % text.length;
        const changed = text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1);
        if (faultOf(changed) === undefined)
          expect(parsePlace(placeText(parsePlace(changed)))).toEqual(parsePlace(changed));
      }),
      { numRuns: 3000 },
    );
  });
});
