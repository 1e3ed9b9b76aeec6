// Somebody holds the process that speaks HTTP and asks the signer to certify what he likes: he gets no
// certificate beyond the caps that approvers signed, and none of keys that no blank chip proved.

import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertifyRequest } from '../src/signer/issuing-signer.ts';
import { TestApprover } from './approver.ts';
import { TestChip } from './chip.ts';
import { Owner } from './owner.ts';
import { ServedSigner } from './served-signer.ts';

let signer: ServedSigner;
beforeAll(async () => {
  signer = await ServedSigner.start();
});
afterAll(() => signer.remove());

/** `done`, or the code of the refusal. */
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (fault: unknown) => {
      if (!(fault instanceof Fault)) throw fault;
      return fault.code;
    },
  );
let opened = 0;
const openSite = async (cap: number) => {
  const site = `hall-${opened++}`;
  await signer.client.setSiteCap(await signer.siteCap({ site, cap }));
  return site;
};

describe('the cap that approvers signed', () => {
  it('is the limit for a crowd that asks at once, under any station of the site', async () => {
    const site = await openSite(3);
    const requests = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        signer.certifyRequest({ station: i % 2 === 0 ? site : `${site}/desk-${i}` }),
      ),
    );
    const codes = await Promise.all(requests.map((one) => codeOf(signer.client.certifyDevice(one))));
    expect(codes.filter((code) => code === 'done')).toHaveLength(3);
    expect(codes.filter((code) => code === 'site-cap-used')).toHaveLength(7);
    // The same requests again are the same certificates, and no more of them.
    expect(await Promise.all(requests.map((one) => codeOf(signer.client.certifyDevice(one))))).toEqual(codes);
    expect(await codeOf(signer.certifyRequest({ station: site }))).toBe('site-cap-used');
  });

  it.each<[string, string, (one: Awaited<ReturnType<ServedSigner['siteCap']>>) => object | Promise<object>]>([
    ['without approvals', 'approvals-missing', () => ({ approvals: [] })],
    ['with one of two', 'approvals-missing', ({ approvals }) => ({ approvals: approvals.slice(1) })],
    ['with a higher cap', 'approvals-missing', () => ({ cap: 99 })],
    ['for another site', 'approvals-missing', () => ({ site: 'cellar' })],
    ['for longer', 'approvals-missing', ({ validUntilMs }) => ({ validUntilMs: validUntilMs + 1000 })],
    ['as a newer change', 'approvals-missing', ({ number }) => ({ number: number + 1 })],
    ['for a product that is not served', 'product-not-served', () => ({ product: 'fan' })],
    [
      'with one approver twice',
      'approval-repeated',
      ({ site, cap, validUntilMs }) => {
        const [ann] = signer.approvers;
        return signer.siteCap({ site, cap, validUntilMs }, [ann, ann]);
      },
    ],
    [
      'with approvers whom the root does not know',
      'delegation-signature-invalid',
      async ({ site, cap, validUntilMs }) => {
        const foreign = new Owner();
        const both = [await TestApprover.make(foreign), await TestApprover.make(foreign)] as const;
        return signer.siteCap({ site, cap, validUntilMs }, both);
      },
    ],
  ])('is not set %s', async (_, code, change) => {
    const signed = await signer.siteCap({ site: 'attic' });
    expect(await codeOf(signer.client.setSiteCap({ ...signed, ...(await change(signed)) }))).toBe(code);
    expect(await codeOf(signer.certifyRequest({ station: 'attic' }))).toBe('site-not-opened');
  });

  it('is not set back by what was signed before', async () => {
    const site = await openSite(5);
    const higher = await signer.siteCap({ site, cap: 5 });
    await signer.client.setSiteCap(await signer.siteCap({ site, cap: 0, number: 2 }));
    expect(await codeOf(signer.client.setSiteCap(higher))).toBe('site-change-older');
    expect(await codeOf(signer.certifyRequest({ station: site }))).toBe('site-cap-used');
  });

  it('outlives the signer', async () => {
    const site = await openSite(1);
    const request = await signer.certifyRequest({ station: site });
    const certificate = await signer.client.certifyDevice(request);
    await signer.halt();
    expect(await codeOf(signer.client.certifyDevice(request))).toBe('authority-signer-away');
    await signer.run();
    expect(await signer.client.certifyDevice(request)).toEqual(certificate);
    expect(await codeOf(signer.certifyRequest({ station: site }))).toBe('site-cap-used');
  });

  it('ends at its date, and with a stop of the site, the station or the product', async () => {
    const site = await openSite(9);
    const station = `${site}/desk`;
    const request = await signer.certifyRequest({ station });
    const { product } = signer.owner;
    const names = [site, `${site}/*`, station].map((name) => ({ kind: 'station', name }) as const);
    for (const key of [...names, { kind: 'product', name: product } as const]) {
      await signer.client.setStop({ ...key, reason: 'lost', atMs: 0 });
      expect(await codeOf(signer.client.certifyDevice(request))).toBe('issue-stopped');
      expect(await codeOf(signer.certifyRequest({ station }))).toBe('issue-stopped');
      await signer.client.liftStop(key);
    }
    expect(await codeOf(signer.client.certifyDevice(request))).toBe('done');
    signer.nowMs += 2 * 86_400_000;
    expect(await codeOf(signer.certifyRequest({ station }))).toBe('site-expired');
    signer.nowMs = 1_800_000_000_000;
  });
});

describe('a proof that was made up', () => {
  type Change = (request: CertifyRequest) => object | Promise<object>;
  it.each<[string, string, Change]>([
    ['of a challenge of his own', 'certifying-challenge-unknown', async () => freshKeys()],
    [
      'with the keys of another chip',
      'hello-signature-invalid',
      async ({ challenge }) => ({
        ...{ signingKey: (await freshKeys(challenge)).signingKey },
      }),
    ],
    ['with another KEM key', 'hello-thumbprint-wrong', async () => ({ kemKey: (await freshKeys()).kemKey })],
    ['of another chip', 'hello-chip-wrong', () => ({ chipId: 'stm32h743' })],
    ['of a chip that nobody knows', 'chip-unknown', () => ({ chipId: 'stm32x' })],
    ['of another origin', 'hello-origin-wrong', () => ({ origin: 5 })],
    ['of an origin that there is not', 'certifying-proof-wrong', () => ({ origin: 4 })],
    ['of a chip that was enrolled', 'certifying-proof-wrong', () => ({ origin: 2 })],
    [
      'of a chip that has an identity',
      'certifying-proof-wrong',
      ({ challenge }) => freshKeys(challenge, { lifeCycle: 'personalized' }),
    ],
    [
      'of a chip with a level key',
      'certifying-proof-wrong',
      ({ challenge }) => freshKeys(challenge, { levelKey: true }),
    ],
    [
      'that nobody witnessed, at a low level',
      'certifying-proof-wrong',
      async ({ challenge }) => {
        const origin = { kind: 'unwitnessed', rehearsal: false } as const;
        return (await TestChip.make(signer.owner, { origin })).newKeys(challenge, { readoutLevel: 1 });
      },
    ],
    ['for another product', 'product-not-served', () => ({ product: 'fan' })],
  ])('%s is refused, and not counted', async (_, code, change) => {
    const site = await openSite(1);
    const request = await signer.certifyRequest({ station: site });
    expect(await codeOf(signer.client.certifyDevice({ ...request, ...(await change(request)) }))).toBe(code);
    const certificate = await signer.client.certifyDevice(request);
    const { product } = signer.owner;
    const { publicKey } = signer.owner.deviceCa;
    const expected = { caPublicKeys: [publicKey], product, now: new Date(signer.nowMs) };
    expect(verifyDeviceCertificate(crypto, certificate, expected)).toMatchObject({
      ...{ chipId: request.chipId, signingKey: request.signingKey, kemKey: request.kemKey },
      origin: { kind: 'witnessed', rehearsal: false },
    });
  });

  const freshKeys = async (challenge = crypto.randomBytes(32), more: Parameters<TestChip['hello']>[1] = {}) =>
    (await TestChip.make(signer.owner)).newKeys(challenge, more);
});

it('a product whose root asks for no approvers has no sites', async () => {
  const other = new ServedSigner();
  other.keys = await other.owner.productKeys();
  Object.assign(other, {
    approvers: [await TestApprover.make(other.owner), await TestApprover.make(other.owner)],
  });
  await other.begin();
  const change = await other.siteCap();
  expect(await codeOf(other.client.setSiteCap(change))).toBe('certifying-needs-approvers');
  expect(await codeOf(other.certifyRequest())).toBe('certifying-needs-approvers');
  await other.remove();
});
