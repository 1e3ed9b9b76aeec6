// Files of opened entries: salt and entry are read without the objects, and no change of a byte is read as
// something else than the whole reader reads.

import { expect, it } from 'vitest';
import { encodeOpened, type OpenedEntry, OpenedFile } from './opened.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const entries: OpenedEntry[] = [
  { salt: filled(32, 1), entry: filled(200, 2), objects: {} },
  {
    ...{ salt: filled(32, 3), entry: filled(20, 4) },
    objects: {
      bundle: filled(700, 5),
      mode: 'session',
      fresh: true,
      firstSeenAtMs: 1_800_000_000_000,
      count: 5,
    },
  },
  {
    salt: filled(32, 6),
    entry: filled(300, 7),
    objects: { certificate: filled(70_000 - 40_000, 8), less: -7 },
  },
];
const file = Buffer.concat(entries.map(encodeOpened));

it('each entry is read at its number, with its objects and without', () => {
  const opened = new OpenedFile(file, entries.length, 'opened/000');
  for (const [i, one] of entries.entries()) {
    expect(opened.at(i)).toEqual(one);
    const { salt, entry } = opened.sealedAt(i);
    expect([Uint8Array.from(salt), Uint8Array.from(entry)]).toEqual([one.salt, one.entry]);
  }
});

it('a changed byte gives the same salt and entry with and without the objects, or a fault', () => {
  const [, one] = entries;
  const bytes = encodeOpened(one!);
  const outcome = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (fault) {
      return (fault as { code?: string }).code;
    }
  };
  let met = 0;
  for (let at = 4; at < bytes.length; at++)
    for (const change of [0x01, 0x20, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at]! ^= change;
      const opened = new OpenedFile(changed, 1, 'opened/000');
      const whole = outcome(() => {
        const { salt, entry } = opened.at(0);
        return [salt, entry];
      });
      const sealed = outcome(() => {
        const { salt, entry } = opened.sealedAt(0);
        return [Uint8Array.from(salt), Uint8Array.from(entry)];
      });
      // What the whole reader takes, the other takes with the same result; it may take more.
      if (Array.isArray(whole)) {
        expect(sealed, `byte ${at}`).toEqual(whole);
        met++;
      } else if (!Array.isArray(sealed)) expect(sealed).toBe('ledger-entry-wrong');
    }
  expect(met).toBeGreaterThan(1000);
});

it('a file that is cut anywhere misses an entry', () => {
  for (let length = 0; length < file.length; length += 997)
    expect(() => new OpenedFile(file.subarray(0, length), entries.length, 'opened/000')).toThrow(
      expect.objectContaining({ code: 'ledger-file-missing' }),
    );
});
