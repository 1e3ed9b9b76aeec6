import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeLogEntry,
  emptyHead,
  encodeLogEntry,
  LogChain,
  type LogEvent,
  type LogHead,
  type LogRow,
  leafHash,
  nextLogRow,
} from './entry.ts';

const event = (n: number): LogEvent => ({
  timeMs: 1_800_000_000_000 + n,
  kind: 'unit-taken',
  fields: { unit: n, job: Uint8Array.of(1, 2, 3), label: 'line 3', fresh: true },
});

const breaksOf = (rows: readonly LogRow[]) => {
  const log = new LogChain(crypto);
  return rows.flatMap((row) => log.add(row));
};

function chain(length: number): LogRow[] {
  const rows: LogRow[] = [];
  let head: LogHead = { size: 0, head: emptyHead };
  for (let n = 0; n < length; n++) {
    const row = nextLogRow(crypto, head, event(n));
    rows.push(row);
    head = { size: n + 1, head: row.head };
  }
  return rows;
}

describe('log entry', () => {
  it('reads back what was encoded, whatever the order of the fields', () => {
    const { fields } = event(7);
    const reversed = Object.fromEntries(Object.entries(fields).reverse());
    const bytes = encodeLogEntry(7, event(7));
    expect(encodeLogEntry(7, { ...event(7), fields: reversed })).toEqual(bytes);
    expect(decodeLogEntry(bytes, 7)).toEqual({ sequence: 7, ...event(7) });
  });

  it('refuses any other shape', () => {
    const good = encodeLogEntry(7, event(7));
    for (const bytes of [good.slice(0, -1), Uint8Array.of(0x01), Uint8Array.of(0xa0)])
      expect(() => decodeLogEntry(bytes, 7)).toThrow(
        expect.objectContaining({ code: 'log-entry-malformed' }),
      );
  });

  it('hashes the same entry to another leaf each time, so that a leaf confirms no guess', () => {
    const [a, b] = [0, 1].map(() => nextLogRow(crypto, { size: 0, head: emptyHead }, event(0)));
    expect(toHex(a!.entry)).toBe(toHex(b!.entry));
    expect(toHex(a!.leaf)).not.toBe(toHex(b!.leaf));
  });
});

describe('log chain', () => {
  it('verifies when nothing was touched, and when it is empty', () => {
    expect(breaksOf(chain(5))).toEqual([]);
    expect(breaksOf([])).toEqual([]);
  });

  it('head is SHA-256(head before || leaf)', () => {
    const [first, second] = chain(2);
    expect(second!.head).toEqual(crypto.sha256(first!.head, second!.leaf));
    expect(first!.head).toEqual(crypto.sha256(emptyHead, leafHash(crypto, first!.salt, first!.entry)));
  });

  it('breaks on any single changed bit', () => {
    const rows = chain(4);
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.constantFrom('entry' as const, 'salt' as const, 'leaf' as const, 'head' as const),
        fc.nat(),
        (index, column, at) => {
          const value = rows[index]![column].slice();
          value[at % value.length]! ^= 1 << (at % 8);
          const changed = rows.map((row, i) => (i === index ? { ...row, [column]: value } : row));
          expect(breaksOf(changed)[0]?.sequence).toBe(index);
        },
      ),
      { seed: 850, numRuns: 200 },
    );
  });

  it('breaks where a row is missing, moved or inserted', () => {
    const rows = chain(4);
    expect(breaksOf(rows.toSpliced(1, 1))[0]).toEqual({ sequence: 1, problem: 'missing' });
    expect(breaksOf([rows[0]!, rows[2]!, rows[1]!, rows[3]!])).not.toEqual([]);
    expect(breaksOf(rows.toSpliced(2, 0, rows[1]!))).not.toEqual([]);
  });
});
