import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64url, toBase64url } from './base64url.ts';

test('every byte string comes back, as Node writes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = toBase64url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(fromBase64url(text)).toEqual(bytes);
    }),
    { seed: 5 },
  );
  const long = new Uint8Array(100_000).map((_, i) => i * 7);
  expect(fromBase64url(toBase64url(long))).toEqual(long);
});

test('one text alone stands for each byte string', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AZaz09-_+/= QBw'), maxLength: 9 }), (text) => {
      const bytes = fromBase64url(text);
      if (bytes !== undefined) expect(toBase64url(bytes)).toBe(text);
    }),
    { seed: 5 },
  );
  for (const text of ['aB', 'aA==', 'a', 'a+', 'aAB']) expect(fromBase64url(text)).toBeUndefined();
});
