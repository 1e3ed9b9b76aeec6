// Attacks L1 to L6, L8, L9 and L11 on licenses and quota, by callers that have the line's network and token,
// chips, and nothing else. The judge looks at the job through the owner's eyes and at the chip's own checks.

import { fromBase64url, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestChip } from './chip.ts';
import { chipId, signerOf } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const quotaOf = async ({ job }: OpenedJob) => {
  const { units, remaining, licenses } = await authority.showJob(job);
  return { units, remaining, licenses };
};

describe('L1: replay for the same chip', () => {
  it('gives the same license for the same nonce, which the chip takes no more after a reset', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const body = await authority.licenseBody(opened, chip);
    const first = await authority.postLicense(opened, body);
    const replayed = await authority.postLicense(opened, body);
    expect(replayed.body).toEqual({ ...first.body, newUnit: false });
    const anotherRequest = await authority.license(opened, chip);
    expect(anotherRequest.body).toEqual({ ...first.body, newUnit: false });
    chip.reset();
    expect(() => chip.accept(fromBase64url(first.body.bundle)!, opened.sealed.manifest)).toThrow(
      expect.objectContaining({ code: 'license-nonce-wrong' }),
    );
    expect(await quotaOf(opened)).toEqual({ units: 1, remaining: 2, licenses: 1 });
  });

  it('gives a further license for a new nonce and spends nothing', async () => {
    const opened = await authority.openJob({ quota: 1 });
    const chip = await authority.chip();
    const first = await authority.license(opened, chip);
    chip.reset();
    const second = await authority.license(opened, chip);
    expect(second.body).toMatchObject({ unitIndex: 0, newUnit: false });
    expect(second.body.licenseId).not.toBe(first.body.licenseId);
    chip.accept(fromBase64url(second.body.bundle)!, opened.sealed.manifest);
    expect(await quotaOf(opened)).toEqual({ units: 1, remaining: 0, licenses: 2 });
  });

  it('takes no recorded hello once its challenge has expired, so a replay burns no quota', async () => {
    const opened = await authority.openJob();
    const body = await authority.licenseBody(opened, await authority.chip());
    authority.nowMs += 600_001;
    expect(await authority.postLicense(opened, body)).toMatchObject({
      status: 409,
      body: { code: 'challenge-unknown' },
    });
    expect(await quotaOf(opened)).toEqual({ units: 0, remaining: 3, licenses: 0 });
  });

  it('takes no challenge of another job or of another purpose', async () => {
    const [opened, other] = [await authority.openJob(), await authority.openJob()];
    const chip = await authority.chip();
    for (const challenge of [
      await authority.challenge(other),
      await authority.challenge(opened, 'receipt-challenge'),
      crypto.randomBytes(32),
    ]) {
      const body = {
        hello: toBase64url(await chip.hello(challenge)),
        certificate: toBase64url(chip.certificate),
        challenge: toHex(challenge),
        requestId: 'r',
      };
      expect((await authority.postLicense(opened, body)).body.code).toBe('challenge-unknown');
    }
    expect((await quotaOf(opened)).units).toBe(0);
  });
});

describe('L2: the license of another chip', () => {
  it('is refused by the chip, and the authority swaps nothing', async () => {
    const opened = await authority.openJob();
    const [a, b] = [await authority.chip(), await authority.chip()];
    const license = await authority.license(opened, a);
    const { manifest } = opened.sealed;
    const bundle = fromBase64url(license.body.bundle)!;
    expect(() => b.accept(bundle, manifest)).toThrow(
      expect.objectContaining({ code: 'license-device-wrong' }),
    );
    a.accept(bundle, manifest);
  });

  it("is not to be had with one chip's hello and another's certificate", async () => {
    const opened = await authority.openJob();
    const [a, b] = [await authority.chip(), await authority.chip()];
    const body = { ...(await authority.licenseBody(opened, a)), certificate: toBase64url(b.certificate) };
    expect((await authority.postLicense(opened, body)).body.code).toBe('hello-signature-invalid');
    expect((await quotaOf(opened)).units).toBe(0);
  });

  it('is not to be had by using its request id again', async () => {
    const opened = await authority.openJob();
    const [a, b] = [await authority.chip(), await authority.chip()];
    const first = await authority.licenseBody(opened, a);
    await authority.postLicense(opened, first);
    const second = { ...(await authority.licenseBody(opened, b)), requestId: first['requestId'] };
    expect(await authority.postLicense(opened, second)).toMatchObject({
      status: 409,
      body: { code: 'request-id-reused' },
    });
    expect((await quotaOf(opened)).units).toBe(1);
  });
});

describe('L3: cloned identity', () => {
  it('a copied certificate without its key gets nothing', async () => {
    const opened = await authority.openJob();
    const genuine = await authority.chip();
    const clone = await authority.chip();
    const challenge = await authority.challenge(opened);
    const hello = await clone.hello(challenge, { thumbprint: genuine.thumbprint });
    const body = {
      hello: toBase64url(hello),
      certificate: toBase64url(genuine.certificate),
      challenge: toHex(challenge),
      requestId: 'clone',
    };
    expect((await authority.postLicense(opened, body)).body.code).toBe('hello-signature-invalid');
    const own = { ...body, certificate: toBase64url(clone.certificate) };
    expect((await authority.postLicense(opened, own)).body.code).toBe('hello-thumbprint-wrong');
    expect((await quotaOf(opened)).units).toBe(0);
  });
});

describe('L4: forged, expired and foreign certificates', () => {
  it.each<[string, string, () => Promise<TestChip>]>([
    [
      'signed by an unknown CA',
      'certificate-signature-invalid',
      () => TestChip.make(authority.owner, { ca: crypto.generateP256() }),
    ],
    [
      "signed by the license issuer's key",
      'certificate-signature-invalid',
      () => TestChip.make(authority.owner, { ca: authority.owner.issuer }),
    ],
    [
      'of another product',
      'certificate-product-wrong',
      () => TestChip.make(authority.owner, { product: 'fan' }),
    ],
    [
      'expired',
      'certificate-expired',
      () => TestChip.make(authority.owner, { notAfter: new Date(authority.nowMs - 86_400_000) }),
    ],
  ])('%s', async (_, code, make) => {
    const opened = await authority.openJob();
    expect(await authority.license(opened, await make())).toMatchObject({ status: 422, body: { code } });
    expect(await quotaOf(opened)).toEqual({ units: 0, remaining: 3, licenses: 0 });
  });

  it('with any one byte changed', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const body = await authority.licenseBody(opened, chip);
    for (let at = 0; at < chip.certificate.length; at += 1) {
      const certificate = chip.certificate.slice();
      certificate[at]! ^= 0x01;
      const { status } = await authority.postLicense(opened, {
        ...body,
        certificate: toBase64url(certificate),
      });
      expect({ at, status }).toEqual({ at, status: 422 });
    }
    expect((await quotaOf(opened)).units).toBe(0);
    expect((await authority.postLicense(opened, body)).status).toBe(200);
  });
});

describe('L5: a chip of software', () => {
  it('without a certified key gets nothing, whatever it claims', async () => {
    const opened = await authority.openJob();
    const genuine = await authority.chip();
    const body = await authority.licenseBody(opened, genuine);
    const hello = fromBase64url(body['hello']!)!;
    for (let at = 0; at < hello.length; at += 1) {
      const changed = hello.slice();
      changed[at]! ^= 0x01;
      const { status } = await authority.postLicense(opened, { ...body, hello: toBase64url(changed) });
      expect({ at, status }).toEqual({ at, status: 422 });
    }
    expect((await quotaOf(opened)).units).toBe(0);
  });

  it('that claims another kind than its certificate is refused', async () => {
    const opened = await authority.openJob({ seal: { chips: [chipId, 'stm32h743'] } });
    const answer = await authority.license(opened, await authority.chip(), { chipId: 'stm32h743' });
    expect(answer.body).toMatchObject({ code: 'hello-chip-wrong', fields: { certified: chipId } });
  });
});

describe('L6: one key in two chips', () => {
  it('shares one unit, and every license of it is on record', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const nonces = [crypto.randomBytes(16), crypto.randomBytes(16)];
    const answers = [];
    for (const nonce of nonces) {
      chip.nonce = nonce;
      answers.push(await authority.license(opened, chip));
    }
    expect(answers.map(({ body }) => [body.unitIndex, body.newUnit])).toEqual([
      [0, true],
      [0, false],
    ]);
    expect(await quotaOf(opened)).toEqual({ units: 1, remaining: 2, licenses: 2 });
    const range = { jobId: fromHex(opened.job), first: 0, last: 0 };
    const kept = await authority.store.listLicenses(range);
    expect(kept.map(({ nonce }) => nonce)).toEqual(nonces);
  });
});

describe('L8: double spend after a time-out', () => {
  it('repeats all at once get one license and spend one unit', async () => {
    const opened = await authority.openJob({ quota: 2 });
    const body = await authority.licenseBody(opened, await authority.chip());
    const answers = await Promise.all(Array.from({ length: 20 }, () => authority.postLicense(opened, body)));
    expect(new Set(answers.map((answer) => answer.body.bundle)).size).toBe(1);
    expect(answers.filter((answer) => answer.body.newUnit)).toHaveLength(1);
    expect(await quotaOf(opened)).toEqual({ units: 1, remaining: 1, licenses: 1 });
  });
});

describe('L9: a race for the last unit', () => {
  it('1,000 chips at once on quota 1 get exactly 1 license', async () => {
    const opened = await authority.openJob({ quota: 1 });
    const challenge = await authority.challenge(opened);
    const bodies = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const chip = await authority.chip();
        return {
          hello: toBase64url(await chip.hello(challenge)),
          certificate: toBase64url(chip.certificate),
          challenge: toHex(challenge),
          requestId: `racer-${n}`,
        };
      }),
    );
    const answers = await Promise.all(bodies.map((body) => authority.postLicense(opened, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refusals = answers.filter(({ status }) => status !== 200);
    expect(new Set(refusals.map(({ body }) => body.code))).toEqual(new Set(['quota-exhausted']));
    expect(await quotaOf(opened)).toEqual({ units: 1, remaining: 0, licenses: 1 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });
});

describe('L11: a stolen line token', () => {
  it('licenses no more than the quota and only this job, and nothing after it was revoked', async () => {
    const [opened, other] = [await authority.openJob({ quota: 2 }), await authority.openJob()];
    const stolen = { job: other.job, line: opened.line };
    const otherBody = await authority.licenseBody(other, await authority.chip());
    expect(await authority.postLicense(stolen, otherBody)).toMatchObject({ status: 403 });
    const codes = [];
    for (let n = 0; n < 4; n++)
      codes.push((await authority.license(opened, await authority.chip())).body.code ?? 'license');
    expect(codes).toEqual(['license', 'license', 'quota-exhausted', 'quota-exhausted']);
    expect(await quotaOf(opened)).toEqual({ units: 2, remaining: 0, licenses: 2 });

    const body = await authority.licenseBody(other, await authority.chip());
    const revoked = await authority.asOwner('POST', `/v1/tokens/${other.lineTokenId}/revoke`, {});
    expect(revoked.body).toEqual({ revoked: true });
    expect(await authority.postLicense(other, body)).toMatchObject({ status: 401 });
    expect(await authority.showJob(other.job)).toMatchObject({ units: 0 });
    const renewed = { job: other.job, line: (await authority.lineToken(other.job)).token };
    expect((await authority.postLicense(renewed, body)).status).toBe(200);
  });
});

describe('what a chip would refuse takes no unit', () => {
  it.each<[string, string, Parameters<TestChip['hello']>[1]]>([
    ['a counter above that of the package', 'counter-rolled-back', { securityCounter: 6 }],
    ['an old agent', 'agent-too-old', { agentVersion: 1 }],
    ['an epoch beyond the delegations', 'delegation-revoked', { epoch: 1 }],
  ])('%s', async (_, code, hello) => {
    const leastAgentVersion = code === 'agent-too-old' ? 2 : 1;
    const opened = await authority.openJob({ seal: { leastAgentVersion } });
    expect((await authority.license(opened, await authority.chip(), hello)).body.code).toBe(code);
    expect((await quotaOf(opened)).units).toBe(0);
  });

  it('a kind of chip that the package is not for', async () => {
    const opened = await authority.openJob({ seal: { chips: ['stm32h743'] } });
    expect((await authority.license(opened, await authority.chip())).body.code).toBe('manifest-chip-wrong');
    expect((await quotaOf(opened)).units).toBe(0);
  });

  it('a hello whose signature is good but whose content is no hello', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const body = await authority.licenseBody(opened, chip);
    const { signCoseWith } = await import('@firmseal/cbor-cose');
    const hello = await signCoseWith(crypto, {
      signer: signerOf(chip.signing),
      typ: 'application/firmseal-hello',
      payload: Uint8Array.of(0xa0),
    });
    expect((await authority.postLicense(opened, { ...body, hello: toBase64url(hello) })).body.code).toBe(
      'hello-malformed',
    );
    expect((await quotaOf(opened)).units).toBe(0);
  });
});
