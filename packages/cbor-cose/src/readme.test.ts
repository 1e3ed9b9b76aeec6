// The example of README.md, run.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import {
  byteString,
  decodeCbor,
  encodeCbor,
  field,
  integer,
  optionalField,
  readMap,
  signCose,
  verifyCose,
} from './index.ts';

test('the example', () => {
  const { publicKey, privateKey } = crypto.generateP256();
  const typ = 'application/firmseal-example';
  const shape = { counter: field(1, integer(0, 2 ** 31 - 1)), salt: optionalField(2, byteString(32)) };

  const bytes = signCose(crypto, { privateKey, typ, payload: encodeCbor(new Map([[1, 7]])) });
  const { payload, digest } = verifyCose(crypto, { bytes, typ, publicKey });
  const { counter, salt } = readMap(decodeCbor(payload, { maxBytes: 256 }), shape, 'example');

  expect({ counter, salt, size: digest.length }).toEqual({ counter: 7, salt: undefined, size: 32 });
});
