// Answers that others published, and inputs that every port has to refuse, as requests. Sources: FIPS 180-4
// examples; RFC 4231 4.3; RFC 5869 appendix A (first block); RFC 6979 A.2.5 (keys); RFC 5903 8.1; McGrew and
// Viega, "The Galois/Counter Mode of Operation", appendix B, cases 13, 14, 16.

import { concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import type { Request } from './crypto-requests.ts';
import { bytesOf } from './numbers.ts';
import { nonceOf, signatureUnder } from './rfc6979.ts';

export type KnownAnswer = { name: string; request: Request; accepted: boolean; bytes?: string };

const none = new Uint8Array();
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

const scalar = fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
const x = '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6';
const y = '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';
const point = fromHex(`04${x}${y}`);
const sample = {
  r: 0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
  s: 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
};
const signature = (r: bigint, s: bigint) => concatBytes(bytesOf(r), bytesOf(s));

const digests: KnownAnswer[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1000), '41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3'],
].map(([text, bytes]) => ({
  name: `SHA-256 of ${text!.length} bytes`,
  request: { operation: 'sha256', fields: [utf8(text!)] },
  accepted: true,
  bytes: bytes!,
}));

const range = (first: number, last: number) =>
  Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i);

const derivations: KnownAnswer[] = [
  {
    name: 'HMAC, RFC 4231 case 2',
    request: { operation: 'hmac', fields: [utf8('Jefe'), utf8('what do ya want for nothing?')] },
    accepted: true,
    bytes: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'HKDF, RFC 5869 A.1',
    request: {
      operation: 'hkdf',
      fields: [range(0x00, 0x0c), new Uint8Array(22).fill(0x0b), range(0xf0, 0xf9), Uint8Array.of(32)],
    },
    accepted: true,
    bytes: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
  },
  {
    name: 'HKDF, RFC 5869 A.3: no salt, no info',
    request: { operation: 'hkdf', fields: [none, new Uint8Array(22).fill(0x0b), none, Uint8Array.of(32)] },
    accepted: true,
    bytes: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
  },
];

/** RFC 6979 section 3.6, by rfc6979.ts, which is held to the RFC's own answers of section 3.2. */
const signed = (text: string, hedge: Uint8Array): KnownAnswer => ({
  name: `signature of "${text}", hedge ${toHex(hedge.subarray(0, 2))}...`,
  request: { operation: 'sign', fields: [scalar, utf8(text), hedge] },
  accepted: true,
  bytes: toHex(signatureUnder(scalar, utf8(text), nonceOf(scalar, utf8(text), hedge))),
});

const groups: KnownAnswer[] = [
  {
    name: 'public key, RFC 6979 A.2.5',
    request: { operation: 'public', fields: [scalar] },
    accepted: true,
    bytes: `04${x}${y}`,
  },
  {
    name: 'point on the curve',
    request: { operation: 'check', fields: [point] },
    accepted: true,
  },
  ...['sample', 'test', ''].flatMap((text) => [signed(text, new Uint8Array(32)), signed(text, range(1, 32))]),
  {
    name: 'ECDH, RFC 5903 8.1',
    request: {
      operation: 'ecdh',
      fields: [
        fromHex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'),
        fromHex(
          '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63' +
            '56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
        ),
      ],
    },
    accepted: true,
    bytes: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
  },
];

const verify = (name: string, r: bigint, s: bigint, accepted = false): KnownAnswer => ({
  name: `verify: ${name}`,
  request: { operation: 'verify', fields: [point, utf8('sample'), signature(r, s)] },
  accepted,
});

const signatures: KnownAnswer[] = [
  verify('the signature', sample.r, sample.s, true),
  verify('n - s is as good: a low s is the caller’s business', sample.r, n - sample.s, true),
  verify('r = 0', 0n, sample.s),
  verify('s = 0', sample.r, 0n),
  verify('r = s = 0', 0n, 0n),
  verify('r = n', n, sample.s),
  verify('s = n', sample.r, n),
  verify('r + n', (sample.r + n) % 2n ** 256n, sample.s),
  verify('s = n + 1', sample.r, n + 1n),
  verify('r = p', p, sample.s),
  verify('r = 2^256 - 1', 2n ** 256n - 1n, sample.s),
  verify('s = 2^256 - 1', sample.r, 2n ** 256n - 1n),
  verify('r = s = 1', 1n, 1n),
  verify('r + 1', sample.r + 1n, sample.s),
  verify('r and s exchanged', sample.s, sample.r),
];

const wrongPoints: [string, Uint8Array][] = [
  ['a point off the curve', fromHex(`04${x}${y.slice(0, 62)}9a`)],
  ['x = y = 0', fromHex(`04${'00'.repeat(64)}`)],
  ['infinity, padded', new Uint8Array(65)],
  ['compressed prefix', fromHex(`03${x}${y}`)],
  ['hybrid prefix', fromHex(`07${x}${y}`)],
  ['x = p', concatBytes(Uint8Array.of(4), bytesOf(p), fromHex(y))],
  // x = 0 is on the curve, and so x = p would be if nobody compared it with p
  [
    'x = p instead of 0',
    concatBytes(
      Uint8Array.of(4),
      bytesOf(p),
      fromHex('66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4'),
    ),
  ],
  [
    'y + p',
    concatBytes(
      Uint8Array.of(4),
      bytesOf(5n),
      bytesOf((p + 0x459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbccn) & (2n ** 256n - 1n)),
    ),
  ],
  ['all ones', concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(0xff))],
];

const pointRefusals: KnownAnswer[] = wrongPoints.flatMap(([name, wrong]) => [
  { name: `check: ${name}`, request: { operation: 'check', fields: [wrong] }, accepted: false },
  { name: `ecdh: ${name}`, request: { operation: 'ecdh', fields: [scalar, wrong] }, accepted: false },
  {
    name: `verify: ${name}`,
    request: { operation: 'verify', fields: [wrong, utf8('sample'), signature(sample.r, sample.s)] },
    accepted: false,
  },
]);

const zeroPoint = concatBytes(
  Uint8Array.of(4),
  bytesOf(0n),
  fromHex('66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4'),
);

const scalarRefusals: KnownAnswer[] = (
  [
    ['0', 0n],
    ['n', n],
    ['n + 1', n + 1n],
    ['2^256 - 1', 2n ** 256n - 1n],
  ] as const
).flatMap(([name, value]) => [
  { name: `public: ${name}`, request: { operation: 'public', fields: [bytesOf(value)] }, accepted: false },
  {
    name: `sign: ${name}`,
    request: { operation: 'sign', fields: [bytesOf(value), none, range(1, 32)] },
    accepted: false,
  },
  { name: `ecdh: ${name}`, request: { operation: 'ecdh', fields: [bytesOf(value), point] }, accepted: false },
]);

const edges: KnownAnswer[] = [
  {
    name: 'public: 1 gives the generator',
    request: { operation: 'public', fields: [bytesOf(1n)] },
    accepted: true,
    bytes:
      '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
      '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  },
  {
    name: 'public: n - 1 gives its negative',
    request: { operation: 'public', fields: [bytesOf(n - 1n)] },
    accepted: true,
    bytes: `046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296${(
      p - 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n
    ).toString(16)}`,
  },
  { name: 'check: x = 0', request: { operation: 'check', fields: [zeroPoint] }, accepted: true },
  {
    name: 'ecdh: 1 gives x back',
    request: { operation: 'ecdh', fields: [bytesOf(1n), point] },
    accepted: true,
    bytes: x,
  },
  {
    name: 'ecdh: n - 1 gives x back',
    request: { operation: 'ecdh', fields: [bytesOf(n - 1n), point] },
    accepted: true,
    bytes: x,
  },
];

type Sealed = { key: string; nonce: string; aad: string; plaintext: string; ciphertext: string; tag: string };

const sealedMessages: Record<'13' | '14' | '16', Sealed> = {
  13: {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    aad: '',
    plaintext: '',
    ciphertext: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  14: {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    aad: '',
    plaintext: '00'.repeat(16),
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  16: {
    key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525' +
      'b16aedf5aa0de657ba637b39',
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838' +
      'c5f61e6393ba7a0abcc9f662',
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
};

const open = ({ key, nonce, aad, ciphertext, tag }: Sealed): Request => ({
  operation: 'gcmOpen',
  fields: [key, nonce, aad, ciphertext, tag].map((hex) => fromHex(hex)),
});

const opened: KnownAnswer[] = Object.entries(sealedMessages).map(([name, sealed]) => ({
  name: `GCM, case ${name}`,
  request: open(sealed),
  accepted: true,
  bytes: sealed.plaintext,
}));

/** After a refusal the buffer holds the ciphertext that was given, so no plaintext. */
const refused: KnownAnswer[] = [0, 1, 2, 3, 4].map((field) => {
  const sealed = sealedMessages[16];
  const request = open(sealed);
  const fields = request.fields.map((bytes) => Uint8Array.from(bytes));
  const changed = fields[field]!;
  changed[changed.length - 1]! ^= 0x80;
  return {
    name: `GCM with another ${['key', 'nonce', 'aad', 'ciphertext', 'tag'][field]}`,
    request: { operation: 'gcmOpen', fields },
    accepted: false,
    bytes: Buffer.from(fields[3]!).toString('hex'),
  };
});

export const knownAnswers: readonly KnownAnswer[] = [
  ...digests,
  ...derivations,
  ...groups,
  ...signatures,
  ...pointRefusals,
  ...scalarRefusals,
  ...edges,
  ...opened,
  ...refused,
];
