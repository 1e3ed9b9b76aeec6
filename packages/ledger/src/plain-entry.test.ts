// The short way to read an entry gives what the CBOR reader gives, or leaves the entry to it.

import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLogEntry } from './entry.ts';
import { type DecodedLogEntry, readPlainEntry } from './plain-entry.ts';

/** By the CBOR reader alone; undefined for bytes that are no entry. */
function slowly(bytes: Uint8Array): DecodedLogEntry | undefined {
  try {
    const map = decodeCbor(bytes, { maxBytes: 4096 });
    if (!(map instanceof Map) || map.size !== 4) return undefined;
    const [sequence, timeMs, kind, list] = [map.get(0), map.get(1), map.get(2), map.get(3)];
    if (typeof sequence !== 'number' || typeof timeMs !== 'number' || typeof kind !== 'string')
      return undefined;
    const fields = Object.fromEntries(list as [string, string][]);
    return { sequence, timeMs, kind, fields };
  } catch {
    return undefined;
  }
}

const value = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer({ min: -5, max: 300 }),
  fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 48, 2 ** 53 - 1),
  fc.boolean(),
);
const entry = fc
  .record({
    sequence: fc.nat(),
    timeMs: fc.integer({ min: 0, max: 2 ** 45 }),
    kind: fc.constantFrom('unit-taken', 'license-issued', 'an entry of a kind that nobody has ever written'),
    fields: fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), value, { maxKeys: 8 }),
  })
  .map(({ sequence, ...event }) => encodeLogEntry(sequence, event as never));

describe('an entry', () => {
  it('is read the short way where an authority wrote it', () => {
    const fields = { job: new Uint8Array(16).fill(3), unit: 70_000, fresh: false, outcome: 'PASS' };
    const event = { timeMs: 1_800_000_000_000, kind: 'receipt-stored' as const, fields };
    expect(readPlainEntry(encodeLogEntry(300, event))).toEqual({ sequence: 300, ...event });
  });

  it('is the same both ways, or left to the CBOR reader', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.integer({ min: 0, max: 255 }), (bytes, at, change) => {
        const changed = bytes.slice();
        changed[at % bytes.length] = change;
        for (const one of [bytes, changed, bytes.slice(0, at % bytes.length)]) {
          const read = readPlainEntry(one);
          if (read !== undefined) expect(read).toEqual(slowly(one));
        }
      }),
      { seed: 32, numRuns: 4000 },
    );
  });

  it('is left to the CBOR reader with a field twice, a number that is not in its shortest form, or bytes after its end', () => {
    const twice = encodeCbor(
      new Map<number, never>([
        [0, 1],
        [1, 2],
        [2, 'alarm'],
        [
          3,
          [
            ['a', 1],
            ['a', 1],
          ],
        ],
      ] as never),
    );
    const good = encodeLogEntry(1, { timeMs: 2, kind: 'alarm', fields: {} });
    const longer = Uint8Array.from([...good.slice(0, 2), 0x18, 0x01, ...good.slice(3)]);
    for (const bytes of [twice, longer, Uint8Array.from([...good, 0])])
      expect(readPlainEntry(bytes)).toBeUndefined();
  });
});
