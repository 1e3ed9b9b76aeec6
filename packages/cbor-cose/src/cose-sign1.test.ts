import { type Bytes, concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { describe, expect, test } from 'vitest';
import type { CborInput } from './cbor-value.ts';
import { objectDigest, openCose, signatureInput, signCose, signCoseWith, verifyCose } from './cose-sign1.ts';
import { encodeCbor } from './encode-cbor.ts';

const typ = 'application/firmseal-test';
const { publicKey, privateKey } = crypto.generateP256();
const payload = utf8('payload');
const signed = signCose(crypto, { privateKey, typ, payload });
const faultOf = (bytes: Uint8Array, due = typ, key: Uint8Array = publicKey): string => {
  try {
    verifyCose(crypto, { bytes, typ: due, publicKey: key });
    return 'none';
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return fault.code;
  }
};

test('the layout, byte for byte', () => {
  const header = 'a201261078196170706c69636174696f6e2f6669726d7365616c2d74657374';
  const signature = toHex(signed).slice(-128);
  expect(toHex(signed)).toBe(`d284581f${header}a0477061796c6f61645840${signature}`);
  expect(toHex(signatureInput(typ, payload))).toBe(`846a5369676e617475726531581f${header}40477061796c6f6164`);
});

test('signs, opens, verifies; the digest is that of the Sig_structure', () => {
  const { digest, payload: verified } = verifyCose(crypto, { bytes: signed, typ, publicKey });
  expect(verified).toEqual(payload);
  expect(digest).toEqual(objectDigest(crypto, typ, payload));
  expect(digest).toEqual(crypto.sha256(signatureInput(typ, payload)));
  const opened = openCose(signed, typ);
  expect(crypto.verifyEs256(publicKey, opened.signatureInput, opened.signature)).toBe(true);
  const again = signCose(crypto, { privateKey, typ, payload });
  expect(again).not.toEqual(signed);
  expect(verifyCose(crypto, { bytes: again, typ, publicKey }).digest).toEqual(digest);
});

test('every flipped bit is refused', () => {
  let refused = 0;
  for (let i = 0; i < signed.length * 8; i++) {
    const changed = Uint8Array.from(signed);
    changed[i >> 3]! ^= 1 << (i & 7);
    expect(['cose-malformed', 'cose-wrong-type', 'cose-signature-invalid']).toContain(faultOf(changed));
    refused++;
  }
  expect(refused).toBe(signed.length * 8);
  for (let length = 0; length < signed.length; length++) {
    expect(faultOf(signed.subarray(0, length))).toBe('cose-malformed');
  }
  expect(faultOf(concatBytes(signed, Uint8Array.of(0)))).toBe('cose-malformed');
});

describe('refuses', () => {
  const header = encodeCbor(
    new Map<number, CborInput>([
      [1, -7],
      [16, typ],
    ]),
  );
  const signature = signed.slice(-64);
  const tagged = (...items: CborInput[]) => concatBytes(Uint8Array.of(0xd2), encodeCbor(items));
  // Signed over exactly what stands in it, so that only the form can be what is refused.
  const withHeader = (bytes: Bytes) =>
    tagged(
      bytes,
      new Map(),
      payload,
      crypto.signEs256(privateKey, encodeCbor(['Signature1', bytes, new Uint8Array(0), payload])),
    );

  test('the parts reassembled are accepted (so that the rest of these tests can fail)', () => {
    expect(faultOf(tagged(header, new Map(), payload, signature))).toBe('none');
    expect(faultOf(withHeader(header))).toBe('none');
  });

  test.each<[string, Uint8Array]>([
    ['no tag', signed.subarray(1)],
    ['tag 17', concatBytes(Uint8Array.of(0xd1), signed.subarray(1))],
    ['tag 18 in two bytes', concatBytes(Uint8Array.of(0xd8, 18), signed.subarray(1))],
    ['tag 18 twice', concatBytes(Uint8Array.of(0xd2), signed)],
    ['three items', tagged(header, new Map(), payload)],
    ['five items', tagged(header, new Map(), payload, signature, 0)],
    ['an unprotected header', tagged(header, new Map([[4, 1]]), payload, signature)],
    ['a detached payload', tagged(header, new Map(), null, signature)],
    ['a payload of text', tagged(header, new Map(), 'payload', signature)],
    ['a signature of 63 bytes', tagged(header, new Map(), payload, signature.subarray(1))],
    ['a signature of 65 bytes', tagged(header, new Map(), payload, concatBytes(signature, Uint8Array.of(0)))],
    ['a header that is a map', tagged(new Map([[1, -7]]), new Map(), payload, signature)],
    ['an empty header', withHeader(new Uint8Array(0))],
    ['a header without a type', withHeader(encodeCbor(new Map([[1, -7]])))],
    ['a header without an algorithm', withHeader(encodeCbor(new Map([[16, typ]])))],
    [
      'another algorithm',
      withHeader(
        encodeCbor(
          new Map<number, CborInput>([
            [1, -35],
            [16, typ],
          ]),
        ),
      ),
    ],
    [
      'a further header',
      withHeader(
        encodeCbor(
          new Map<number, CborInput>([
            [1, -7],
            [4, 0],
            [16, typ],
          ]),
        ),
      ),
    ],
    [
      'a type that is a number',
      withHeader(
        encodeCbor(
          new Map<number, CborInput>([
            [1, -7],
            [16, 60],
          ]),
        ),
      ),
    ],
    ['a header in another order', withHeader(fromHex(`a2107819${toHex(utf8(typ))}0126`))],
    ['a header with a byte behind it', withHeader(concatBytes(header, Uint8Array.of(0)))],
    ['too many bytes', signCose(crypto, { privateKey, typ, payload: new Uint8Array(70_000) })],
    ['nothing', new Uint8Array(0)],
  ])('%s: cose-malformed', (_, bytes) => {
    expect(faultOf(bytes)).toBe('cose-malformed');
  });

  test('another type, before the signature is looked at', () => {
    expect(faultOf(signed, 'application/firmseal-other')).toBe('cose-wrong-type');
    const changed = Uint8Array.from(signed);
    changed[changed.length - 1]! ^= 1;
    expect(faultOf(changed, 'application/firmseal-other')).toBe('cose-wrong-type');
    expect(faultOf(changed)).toBe('cose-signature-invalid');
  });

  test('a malformed shell keeps the cause', () => {
    expect(() => openCose(fromHex('d2ff'), typ)).toThrow(
      expect.objectContaining({
        code: 'cose-malformed',
        cause: expect.objectContaining({ code: 'cbor-not-deterministic' }),
      }),
    );
  });

  test('another key, an invalid key, a high s', () => {
    expect(faultOf(signed, typ, crypto.generateP256().publicKey)).toBe('cose-signature-invalid');
    expect(faultOf(signed, typ, new Uint8Array(65))).toBe('cose-signature-invalid');
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = BigInt(`0x${toHex(signature.subarray(32))}`);
    const high = fromHex((n - s).toString(16).padStart(64, '0'));
    expect(faultOf(concatBytes(signed.subarray(0, -32), high))).toBe('cose-signature-invalid');
  });

  test('a signature made for another type', () => {
    const other = signCose(crypto, { privateKey, typ: 'application/firmseal-other', payload });
    expect(faultOf(tagged(header, new Map(), payload, other.slice(-64)))).toBe('cose-signature-invalid');
  });
});

describe('a remote signer', () => {
  test('may answer at once or later', async () => {
    for (const sign of [
      (message: Uint8Array) => crypto.signEs256(privateKey, message),
      async (message: Uint8Array) => crypto.signEs256(privateKey, message),
    ]) {
      const bytes = await signCoseWith(crypto, { signer: { publicKey, sign }, typ, payload });
      expect(verifyCose(crypto, { bytes, typ, publicKey }).payload).toEqual(payload);
    }
  });

  test('that signs with another key, or returns another size, is noticed', async () => {
    const other = crypto.generateP256().privateKey;
    for (const sign of [
      (message: Uint8Array) => crypto.signEs256(other, message),
      () => new Uint8Array(63),
      () => new Uint8Array(64),
    ]) {
      await expect(signCoseWith(crypto, { signer: { publicKey, sign }, typ, payload })).rejects.toMatchObject(
        {
          code: 'cose-signature-invalid',
        },
      );
    }
  });
});
