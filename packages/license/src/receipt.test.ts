import { decodeCbor, encodeCbor, openCose, signCoseWith } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { faultCode, testSigner } from '@firmseal/seal/testing';
import { describe, expect, it } from 'vitest';
import { device, deviceSigner, filled, licenseDigest, manifest, terms } from '../test/licensed-chip.ts';
import { type AcceptedOutcomes, judgeReceipt, judgeWeaknesses } from './outcome.ts';
import { makeReceipt, parseReceiptUnverified, type Receipt, receiptKind } from './receipt.ts';
import { type ReceiptContext, verifyReceipt } from './verify-receipt.ts';

const challenge = filled(32, 6);
const receipt: Receipt = {
  nonce: challenge,
  thumbprint: device.thumbprint,
  fresh: true,
  manifestDigest: manifest.digest,
  licenseId: terms.licenseId,
  jobId: terms.jobId,
  installCount: 1,
  areas: [manifest.areaDigests[0]!, terms.deviceDataDigests[0]!],
  optionBytes: [{ register: 0, value: 0xffffccec }],
  securityCounter: 5,
  readoutLevel: 2,
  result: 'installed',
  agentVersion: 1,
  chipId: 'stm32f427',
  unprotected: false,
  licenseDigest,
  measured: true,
  origin: device.origin,
  levelKey: false,
};

const license = { terms, digest: licenseDigest };
type Given = Partial<Omit<ReceiptContext, 'receipt'>> & { by?: string; unasked?: boolean };

async function verified(change: Partial<Receipt>, { by, unasked = false, ...given }: Given = {}) {
  const signer = by === undefined ? deviceSigner : testSigner(by);
  const bytes = await makeReceipt(crypto, signer, { ...receipt, ...change });
  const asked = unasked ? {} : { challenge };
  return verifyReceipt(crypto, { receipt: bytes, device, license, manifest, ...asked, ...given });
}
const check = (change: Partial<Receipt>, given: Given = {}) => faultCode(() => verified(change, given));

const withCore = (change: Partial<typeof manifest.core>) => ({
  manifest: { ...manifest, core: { ...manifest.core, ...change } },
});
const notFresh = { fresh: false, measured: false, nonce: terms.receiptNonce };

describe('a receipt', () => {
  it('passes when everything agrees, and comes back as it was signed', async () => {
    const bytes = await makeReceipt(crypto, deviceSigner, receipt);
    const context = { receipt: bytes, device, license, manifest, challenge };
    expect(verifyReceipt(crypto, context)).toMatchObject(receipt);
    expect(parseReceiptUnverified(bytes)).toEqual(receipt);
  });

  it('passes with the nonce of the license when it is not fresh', async () => {
    expect(await check(notFresh, { unasked: true })).toBe(undefined);
    expect(await check(notFresh)).toBe(undefined);
  });

  it('passes on trial under that policy alone, with the counter from before', async () => {
    const onTrial = { result: 'on-trial' as const, securityCounter: 0 };
    expect(await check(onTrial, withCore({ interruption: 'trial' }))).toBe(undefined);
    expect(await check(onTrial)).toBe('receipt-result-bad');
  });

  const other = filled(32, 99);
  const rehearsal = { kind: 'witnessed' as const, rehearsal: true };
  const cases: [string, string, Partial<Receipt>, Given?][] = [
    ['another signer', 'receipt-signature-invalid', {}, { by: 'stranger' }],
    ['another device', 'receipt-device-wrong', { thumbprint: other }],
    ['another chip than the certificate', 'receipt-chip-wrong', { chipId: 'stm32h743' }],
    ['another origin than the certificate', 'receipt-origin-wrong', { origin: rehearsal }],
    [
      'another origin than the license',
      'receipt-origin-wrong',
      { origin: rehearsal },
      { device: { ...device, origin: rehearsal } },
    ],
    ['another license', 'receipt-license-wrong', { licenseId: filled(16, 9) }],
    ['the digest of another license with the same id', 'receipt-license-wrong', { licenseDigest: other }],
    ['another job', 'receipt-license-wrong', { jobId: filled(16, 9) }],
    ['another package', 'receipt-manifest-wrong', { manifestDigest: other }],
    ['another challenge', 'receipt-challenge-wrong', { nonce: other }],
    [
      'a fresh receipt without a challenge to hold it against',
      'receipt-challenge-wrong',
      {},
      { unasked: true },
    ],
    ['the nonce of the license called fresh', 'receipt-challenge-wrong', { nonce: terms.receiptNonce }],
    ['a challenge called not fresh', 'receipt-challenge-wrong', { fresh: false, measured: false }],
    ['an application that was given up', 'receipt-result-bad', { result: 'given-up', measured: false }],
    ['content that is gone', 'receipt-result-bad', { result: 'gone' }],
    ['digests of install time under a challenge', 'receipt-not-measured', { measured: false }],
    ['other firmware', 'receipt-digest-wrong', { areas: [other, terms.deviceDataDigests[0]!] }],
    ['data of another device', 'receipt-digest-wrong', { areas: [manifest.areaDigests[0]!, other] }],
    ['a length where a digest is due', 'receipt-digest-wrong', { areas: [manifest.areaDigests[0]!, 32] }],
    ['a missing area', 'receipt-digest-wrong', { areas: [manifest.areaDigests[0]!] }],
    [
      'option bytes that the package does not take',
      'receipt-options-wrong',
      {},
      withCore({ optionBytes: [{ register: 0, mask: 0x10000, value: 0 }] }),
    ],
    [
      'a required register that it does not tell',
      'receipt-options-wrong',
      {},
      withCore({ optionBytes: [{ register: 1, mask: 0x10000, value: 0 }] }),
    ],
    ['a counter below the package', 'receipt-counter-wrong', { securityCounter: 4 }],
    [
      'an agent older than the package allows',
      'receipt-agent-too-old',
      {},
      withCore({ leastAgentVersion: 2 }),
    ],
    ['no area', 'receipt-malformed', { areas: [] }],
    ['measured and not fresh', 'receipt-malformed', { ...notFresh, measured: true }],
    ['gone and not fresh', 'receipt-malformed', { ...notFresh, result: 'gone' }],
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
  ];
  for (const [what, code, change, given] of cases)
    it(`is refused for ${what}`, async () => {
      expect(await check(change, given)).toBe(code);
    });

  it('is not parsed before its signature held', async () => {
    const bytes = await makeReceipt(crypto, deviceSigner, receipt);
    const fields = decodeCbor(openCose(bytes, receiptKind.typ).payload, { maxBytes: 2000 }) as Map<number, 0>;
    fields.delete(263);
    const by = (signer: typeof deviceSigner) =>
      faultCode(async () => {
        const payload = encodeCbor(fields);
        const signed = await signCoseWith(crypto, { signer, typ: receiptKind.typ, payload });
        verifyReceipt(crypto, { receipt: signed, device, license, manifest, challenge });
      });
    expect(await by(deviceSigner)).toBe('receipt-malformed');
    expect(await by(testSigner('stranger'))).toBe('receipt-signature-invalid');
  });

  it('meets requirements of the readout byte by level, and not here', async () => {
    const asks = withCore({ optionBytes: [{ register: 0, mask: 0xff00, value: 0xcc00 }] });
    expect(await check({}, asks)).toBe(undefined);
    const atLevel1 = {
      readoutLevel: 1 as const,
      unprotected: true,
      optionBytes: [{ register: 0, value: 0xffffbbec }],
    };
    expect(await check(atLevel1, asks)).toBe(undefined);
  });
});

describe('the verdict on a receipt', () => {
  const judge = async (
    change: Partial<Receipt>,
    { accepts = [], ...given }: Given & { accepts?: AcceptedOutcomes } = {},
  ) => {
    const context = { device, manifest, ...given };
    return judgeReceipt({ ...context, receipt: await verified(change, given), accepts });
  };
  const level1: Partial<Receipt> = { readoutLevel: 1, unprotected: true };

  it('is PASS at the level that package and catalogue ask for', async () => {
    expect(await judge({})).toEqual({ outcome: 'PASS', weaknesses: [], accepted: true });
    expect(await judge(notFresh, { unasked: true })).toMatchObject({ outcome: 'PASS' });
  });

  it('is UNPROTECTED below the level of the package', async () => {
    expect(await judge(level1)).toEqual({
      ...{ outcome: 'UNPROTECTED', weaknesses: ['UNPROTECTED'], accepted: false },
    });
    // The chip itself says nothing of it: what it is held against is the manifest.
    expect(await judge({ readoutLevel: 1 })).toMatchObject({ outcome: 'UNPROTECTED' });
  });

  it('is UNPROTECTED below the level from which the catalogue calls the chip tier B, whatever the package asks', async () => {
    expect(await judge(level1, withCore({ leastReadoutLevel: 1 }))).toMatchObject({ outcome: 'UNPROTECTED' });
    expect(await judge({ readoutLevel: 1 }, withCore({ leastReadoutLevel: 0 }))).toMatchObject({
      outcome: 'UNPROTECTED',
    });
  });

  it('is UNPROTECTED when the chip says so, or when a key can take level 2 back', async () => {
    expect(await judge({ unprotected: true })).toMatchObject({ outcome: 'UNPROTECTED' });
    expect(await judge({ levelKey: true })).toMatchObject({ outcome: 'UNPROTECTED' });
  });

  it('is named after the origin of the identity', async () => {
    const of = async (kind: 'enrolled' | 'unwitnessed' | 'witnessed', rehearsal = false, level = {}) => {
      const origin = { kind, rehearsal };
      const own = { device: { ...device, origin }, license: { ...license, terms: { ...terms, origin } } };
      return (await judge({ origin, ...level }, own)).weaknesses;
    };
    expect(await of('witnessed')).toEqual([]);
    expect(await of('enrolled')).toEqual(['ENROLLED']);
    expect(await of('unwitnessed')).toEqual(['UNWITNESSED']);
    expect(await of('witnessed', true)).toEqual(['REHEARSAL']);
    expect(await of('unwitnessed', true)).toEqual(['REHEARSAL', 'UNWITNESSED']);
    expect(await of('enrolled', false, level1)).toEqual(['UNPROTECTED', 'ENROLLED']);
  });

  it('is accepted when the owner of the job allowed every weakness, and only then', () => {
    expect(judgeWeaknesses(['ENROLLED'], ['ENROLLED'])).toMatchObject({
      outcome: 'ENROLLED',
      accepted: true,
    });
    expect(judgeWeaknesses(['ENROLLED', 'UNPROTECTED'], ['ENROLLED'])).toEqual({
      ...{ outcome: 'UNPROTECTED', weaknesses: ['UNPROTECTED', 'ENROLLED'], accepted: false },
    });
    expect(judgeWeaknesses([], [])).toMatchObject({ outcome: 'PASS', accepted: true });
  });
});
