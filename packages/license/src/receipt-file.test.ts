// Receipt files: what is encoded comes back, and everything else is one fault.

import { encodeCbor } from '@firmseal/cbor-cose';
import { expect, test } from 'vitest';
import { encodeReceiptFile, readReceiptFile } from './index.ts';

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const whole = {
  deviceCaDelegation: bytes(300, 1),
  certificate: bytes(700, 2),
  header: bytes(1500, 3),
  bundle: bytes(900, 4),
  receipt: bytes(600, 5),
  challenge: bytes(32, 6),
  keptAtSeconds: 1_796_000_000,
};
const { bundle: _, challenge: __, ...least } = whole;

test.each([
  ['with license and challenge', whole],
  ['without them', least],
])('comes back %s', (_name, file) => {
  expect(readReceiptFile(encodeReceiptFile(file))).toEqual(file);
});

const refused = (file: Uint8Array) => expect(() => readReceiptFile(file)).toThrow(/not a receipt file/);

test('is refused where a field is empty, too long, or of another kind', () => {
  refused(encodeReceiptFile({ ...whole, receipt: bytes(2049, 5) }));
  refused(encodeReceiptFile({ ...whole, certificate: bytes(0, 5) }));
  refused(encodeReceiptFile({ ...whole, challenge: bytes(31, 5) }));
  refused(encodeCbor(['firmseal receipt 2', ...Array.from({ length: 5 }, () => bytes(9, 1)), null, 1]));
  refused(bytes(16_385, 0));
});

test('is refused when it was cut or has more behind it', () => {
  const file = encodeReceiptFile(whole);
  for (let length = 0; length < file.length; length += 61) refused(file.subarray(0, length));
  refused(Uint8Array.from([...file, 0]));
});
