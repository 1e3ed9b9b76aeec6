// Hexadecimal text, held to what Node makes of the same bytes.

import { expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from './bytes.ts';

test.each([0, 1, 2, 255, 4095, 4096, 4097, 8192, 10_001])(
  '%i bytes come back from their digits',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + (i >> 8)) & 0xff);
    const text = toHex(bytes);
    expect(text).toBe(Buffer.from(bytes).toString('hex'));
    expect(fromHex(text.toUpperCase())).toEqual(bytes);
  },
);

test('a text stays as it is when others are made', () => {
  const first = toHex(Uint8Array.of(1, 2, 3));
  const others = [toHex(Uint8Array.of(0xff)), toHex(new Uint8Array(5000).fill(0xab))];
  expect([first, others[0], others[1]!.length]).toEqual(['010203', 'ff', 10_000]);
});

test.each([
  '',
  'firmseal/1',
  'a'.repeat(128),
  'a'.repeat(129),
  'é',
  'aé',
  `${'a'.repeat(127)}é`,
  '\ufeff𝄞',
  '\ud800',
])('UTF-8 of %j is what the encoder gives', (text) =>
  expect(utf8(text)).toEqual(new TextEncoder().encode(text)),
);
