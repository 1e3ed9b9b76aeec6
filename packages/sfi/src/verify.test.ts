// Each reading of the two open points opens a file that was sealed by it; no other key opens any.

import { createCipheriv } from 'node:crypto';
import { openAes128Gcm } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { type AreaToWrite, writeSfi } from '../test/write-sfi.ts';
import { readSfi } from './image.ts';
import { verifySfi } from './verify.ts';

const key = Uint8Array.from({ length: 16 }, (_, index) => index);
const nonce = Uint8Array.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xff]);

function seal(iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) {
  const cipher = createCipheriv('aes-128-gcm', key, iv);
  if (aad.length > 0) cipher.setAAD(aad);
  const payload = Uint8Array.from(cipher.update(plaintext));
  cipher.final();
  return { payload, tag: Uint8Array.from(cipher.getAuthTag()) };
}

const noAad = new Uint8Array();
/** nonce + 1, carried by hand. */
const bigEndian = Uint8Array.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 10, 0, 0]);
const littleEndian = Uint8Array.from([0, 2, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xff]);
const plaintext = new Uint8Array(20).fill(5);

function sealed(iv: Uint8Array, aadOf: (plain: Uint8Array) => Uint8Array) {
  const area: AreaToWrite = { type: 'F', destinationAddress: 0x08000000, payload: plaintext };
  const plain = writeSfi([area]);
  const header = seal(nonce, plain.subarray(0, 12), new Uint8Array());
  return readSfi(writeSfi([{ ...area, ...seal(iv, aadOf(plain), plaintext) }], { tag: header.tag }));
}

test.each([
  ['big-endian integer, header not authenticated', bigEndian, () => noAad],
  ['little-endian integer, header not authenticated', littleEndian, () => noAad],
  ['big-endian integer, area header authenticated', bigEndian, (file: Uint8Array) => file.subarray(28, 42)],
  ['big-endian integer, image header authenticated', bigEndian, (file: Uint8Array) => file.subarray(0, 12)],
])('%s', (reading, iv, aadOf) => {
  const image = sealed(iv, aadOf);
  const { headerFits, areas } = verifySfi(openAes128Gcm, image, { key, nonce });
  expect([headerFits, areas[0]?.reading]).toEqual([true, expect.stringContaining(reading)]);
  expect(areas[0]?.plaintext).toEqual(plaintext);
  const other = verifySfi(openAes128Gcm, image, { key: key.map((byte) => byte ^ 1), nonce });
  expect(other).toEqual({ headerFits: false, areas: [undefined] });
});

test('files of another size are refused', () => {
  const image = sealed(bigEndian, () => noAad);
  expect(() => verifySfi(openAes128Gcm, image, { key: key.subarray(1), nonce })).toThrow(
    expect.objectContaining({
      code: 'sfi-key-size-wrong',
      fields: { what: 'key', sizeBytes: 15, needed: 16 },
    }),
  );
});
