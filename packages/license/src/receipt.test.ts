import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, it } from 'vitest';
import {
  device,
  deviceSigner,
  faultCode,
  filled,
  manifest,
  terms,
  testSigner,
} from '../test/licensed-chip.ts';
import { type Hello, makeHello, parseHelloUnverified, verifyHello } from './hello.ts';
import { makeReceipt, parseReceiptUnverified, type Receipt, verifyReceipt } from './receipt.ts';

const challenge = filled(32, 6);
const receipt: Receipt = {
  nonce: challenge,
  thumbprint: device.thumbprint,
  fresh: true,
  manifestDigest: manifest.digest,
  licenseId: terms.licenseId,
  jobId: terms.jobId,
  installCount: 1,
  areas: [manifest.areaDigests[0]!, 32],
  optionBytes: [{ register: 0, value: 0xffffccec }],
  securityCounter: 5,
  readoutLevel: 2,
  result: 0,
  agentVersion: 1,
  chipId: 'stm32f427',
  unprotected: false,
};

const check = async (
  change: Partial<Receipt>,
  given: { challenge?: Uint8Array; by?: string } = { challenge },
) => {
  const bytes = await makeReceipt(crypto, given.by ? testSigner(given.by) : deviceSigner, {
    ...receipt,
    ...change,
  });
  const { challenge: asked } = given;
  const context = {
    receipt: bytes,
    device,
    license: terms,
    manifest,
    ...(asked ? { challenge: asked } : {}),
  };
  return faultCode(() => verifyReceipt(crypto, context));
};

describe('a receipt', () => {
  it('passes when everything agrees, and comes back as it was signed', async () => {
    const bytes = await makeReceipt(crypto, deviceSigner, receipt);
    const context = { receipt: bytes, device, license: terms, manifest, challenge };
    expect(verifyReceipt(crypto, context)).toMatchObject(receipt);
    expect(parseReceiptUnverified(bytes)).toEqual(receipt);
  });

  it('passes with the nonce of the license when it is not fresh', async () => {
    expect(await check({ fresh: false, nonce: terms.receiptNonce }, {})).toBe(undefined);
    expect(await check({ fresh: false, nonce: terms.receiptNonce })).toBe(undefined);
  });

  const other = filled(32, 99);
  const cases: [string, string, Partial<Receipt>, { challenge?: Uint8Array; by?: string }?][] = [
    ['another signer', 'receipt-signature-invalid', {}, { challenge, by: 'stranger' }],
    ['another device', 'receipt-device-wrong', { thumbprint: other }],
    ['another license', 'receipt-license-wrong', { licenseId: filled(16, 9) }],
    ['another job', 'receipt-license-wrong', { jobId: filled(16, 9) }],
    ['another package', 'receipt-manifest-wrong', { manifestDigest: other }],
    ['other content', 'receipt-digest-wrong', { areas: [other, 32] }],
    ['another length', 'receipt-digest-wrong', { areas: [manifest.areaDigests[0]!, 31] }],
    ['a missing area', 'receipt-digest-wrong', { areas: [manifest.areaDigests[0]!] }],
    ['a length where a digest is due', 'receipt-digest-wrong', { areas: [96, 32] }],
    ['another challenge', 'receipt-challenge-wrong', { nonce: other }],
    ['a fresh receipt without a challenge to hold it against', 'receipt-challenge-wrong', {}, {}],
    ['the nonce of the license called fresh', 'receipt-challenge-wrong', { nonce: terms.receiptNonce }],
    ['a challenge called not fresh', 'receipt-challenge-wrong', { fresh: false }],
    ['a bad end', 'receipt-result-bad', { result: 1 }],
    [
      'registers out of order',
      'receipt-malformed',
      {
        optionBytes: [
          { register: 1, value: 0 },
          { register: 1, value: 0 },
        ],
      },
    ],
    ['no area', 'receipt-malformed', { areas: [] }],
  ];
  for (const [what, code, change, given] of cases)
    it(`is refused for ${what}`, async () => {
      expect(await check(change, given)).toBe(code);
    });
});

describe('a hello', () => {
  const hello: Hello = {
    challenge: filled(20, 1),
    nonce: filled(16, 2),
    thumbprint: device.thumbprint,
    chipId: 'stm32f427',
    lifeCycle: 'installed',
    optionBytes: [{ register: 0, value: 1 }],
    readoutLevel: 2,
    securityCounter: 3,
    epoch: 1,
    installCount: 2,
    agentVersion: 1,
    manifestDigest: manifest.digest,
  };
  const verify = async (change: Partial<Hello>, by = deviceSigner) => {
    const bytes = await makeHello(crypto, by, { ...hello, ...change });
    return faultCode(() => verifyHello(crypto, { hello: bytes, device, challenge: hello.challenge }));
  };

  it('comes back as it was signed', async () => {
    const bytes = await makeHello(crypto, deviceSigner, hello);
    expect(verifyHello(crypto, { hello: bytes, device, challenge: hello.challenge })).toEqual(hello);
    expect(parseHelloUnverified(bytes)).toEqual(hello);
    const { manifestDigest, ...blank } = { ...hello, lifeCycle: 'blank' as const };
    expect(parseHelloUnverified(await makeHello(crypto, deviceSigner, blank))).toEqual(blank);
  });

  it('is refused in the order of the checks', async () => {
    expect(await verify({ nonce: filled(15, 2) })).toBe('hello-malformed');
    expect(await verify({}, testSigner('stranger'))).toBe('hello-signature-invalid');
    expect(await verify({ thumbprint: filled(32, 0) })).toBe('hello-thumbprint-wrong');
    expect(await verify({ challenge: filled(20, 0) })).toBe('hello-challenge-wrong');
    expect(await verify({ challenge: new Uint8Array(0) })).toBe('hello-challenge-wrong');
  });
});
