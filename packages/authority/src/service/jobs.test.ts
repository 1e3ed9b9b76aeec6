import { fromBase64url, Secret, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { sealContentKey } from '@firmseal/license';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestAuthority } from '../../test/running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const open = (body: Record<string, unknown>) => authority.asOwner('POST', '/v1/jobs', body);
const bodyOf = (sealed: { header: Uint8Array; contentKeyFile: Uint8Array }) => ({
  header: toBase64url(sealed.header),
  contentKeyFile: toBase64url(sealed.contentKeyFile),
  quota: 2,
});
const fileFor = (contentKey: Uint8Array, manifestDigest: Uint8Array, authorityKemKey: Uint8Array) =>
  toBase64url(
    sealContentKey(crypto, {
      contentKey: new Secret(Uint8Array.from(contentKey)),
      manifestDigest,
      authorityKemKey,
    }),
  );

describe('opening a job', () => {
  it('refuses content-key files that are not of this package or not for this authority', async () => {
    const [a, b] = [await authority.owner.seal(), await authority.owner.seal()];
    const kem = authority.owner.kem.publicKey;
    const variants: [string, string][] = [
      [toBase64url(b.contentKeyFile), 'content-key-package-wrong'],
      [fileFor(b.contentKey, a.manifest.digest, kem), 'key-commitment-wrong'],
      [
        fileFor(a.contentKey, a.manifest.digest, crypto.generateP256().publicKey),
        'content-key-unwrap-failed',
      ],
      [toBase64url(Uint8Array.of(1, 2, 3)), 'content-key-malformed'],
    ];
    for (const [contentKeyFile, code] of variants)
      expect(await open({ ...bodyOf(a), contentKeyFile })).toMatchObject({ status: 422, body: { code } });
    expect(await open(bodyOf(a))).toMatchObject({ status: 201, body: { state: 'open', mode: 'session' } });
  });

  it('refuses packages that were not signed under the root, or by a signer who was revoked', async () => {
    const { owner } = authority;
    const sealed = await owner.seal();
    const altered = sealed.header.slice();
    altered[200]! ^= 1;
    expect((await open({ ...bodyOf(sealed), header: toBase64url(altered) })).status).toBe(422);
    const ended = await owner.seal({
      epochStatement: await owner.epochStatement(3),
      signerDelegation: await owner.delegate('package-signer', owner.signer.publicKey, { epoch: 3 }),
    });
    const answer = await open(bodyOf(ended)); // the statement ends this authority's own delegation of epoch 0
    expect(answer.body).toMatchObject({ code: 'delegation-revoked' });
  });

  it('wants per-device data for every unit, in the lengths of the areas', async () => {
    const sealed = await authority.owner.seal({ deviceData: [32, 64] });
    const set = [crypto.randomBytes(32), crypto.randomBytes(64)].map(toBase64url);
    const variants: [string[][], string][] = [
      [[], 'device-data-count-wrong'],
      [[set], 'device-data-count-wrong'],
      [[set, set, set], 'device-data-count-wrong'],
      [[set, [set[0]!]], 'license-data-wrong'],
      [[set, [set[1]!, set[0]!]], 'license-data-wrong'],
    ];
    for (const [deviceData, code] of variants)
      expect((await open({ ...bodyOf(sealed), deviceData })).body.code).toBe(code);
    expect((await open({ ...bodyOf(sealed), deviceData: [set, set] })).status).toBe(201);
    const plain = await authority.owner.seal();
    expect((await open({ ...bodyOf(plain), deviceData: [set, set] })).body.code).toBe(
      'device-data-count-wrong',
    );
  });

  it('gives each unit its own data, and the same again in a further license', async () => {
    const sets = [0, 1].map(() => [crypto.randomBytes(32)]);
    const opened = await authority.openJob({ quota: 2, seal: { deviceData: [32] }, deviceData: sets });
    const chips = [await authority.chip(), await authority.chip()];
    for (const [i, chip] of [...chips, chips[0]!].entries()) {
      chip.reset();
      const { body } = await authority.license(opened, chip);
      expect(chip.accept(fromBase64url(body.bundle)!, opened.sealed.manifest).data).toEqual(sets[i % 2]);
    }
  });
});

describe('the life of a job', () => {
  it('gives nothing before approval and nothing after closing', async () => {
    const opened = await authority.openJob({ approve: false });
    const ask = () =>
      authority.call('POST', `/v1/jobs/${opened.job}/challenge`, { token: opened.line, body: {} });
    expect((await ask()).body.code).toBe('job-not-approved');
    await authority.asOwner('POST', `/v1/jobs/${opened.job}/approve`);
    const chip = await authority.chip();
    const body = await authority.licenseBody(opened, chip);
    expect((await authority.postLicense(opened, body)).status).toBe(200);
    chip.reset();
    const late = await authority.licenseBody(opened, chip);
    expect((await authority.asOwner('POST', `/v1/jobs/${opened.job}/close`)).body.state).toBe('closed');
    expect(await authority.postLicense(opened, late)).toMatchObject({
      status: 409,
      body: { code: 'job-closed' },
    });
    expect((await ask()).body.code).toBe('job-closed');
    for (const action of ['approve', 'close'])
      expect((await authority.asOwner('POST', `/v1/jobs/${opened.job}/${action}`)).body.code).toBe(
        'job-closed',
      );
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
  });

  it('still takes receipts after closing', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const { body } = await authority.license(opened, chip);
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(body.bundle)!, manifest);
    await authority.asOwner('POST', `/v1/jobs/${opened.job}/close`);
    const receipt = await chip.receipt({ license: held, manifest });
    expect((await authority.postReceipt(opened, body.licenseId, { receipt })).status).toBe(200);
  });

  it('licenses a further package under the same units once it is approved', async () => {
    const opened = await authority.openJob({ quota: 1 });
    const chip = await authority.chip();
    await authority.license(opened, chip);
    const next = await authority.owner.seal({ securityCounter: 6 });
    const { quota: _, ...more } = bodyOf(next);
    const path = `/v1/jobs/${opened.job}/packages`;
    expect((await authority.asOwner('POST', path, more)).status).toBe(201);
    expect((await authority.asOwner('POST', path, more)).body.code).toBe('job-package-repeated');
    const manifestDigest = toHex(next.manifest.digest);
    const asked = { ...(await authority.licenseBody(opened, chip)), manifestDigest };
    expect((await authority.postLicense(opened, asked)).body.code).toBe('job-package-unknown');
    await authority.asOwner('POST', `/v1/jobs/${opened.job}/approve`);
    const second = await authority.postLicense(opened, asked);
    expect(second.body).toMatchObject({ unitIndex: 0, newUnit: false });
    chip.accept(fromBase64url(second.body.bundle)!, next.manifest);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, remaining: 0, licenses: 2 });
    const first = toHex(opened.sealed.manifest.digest);
    const back = { ...(await authority.licenseBody(opened, chip)), manifestDigest: first };
    expect((await authority.postLicense(opened, back)).status).toBe(200);
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('in standing mode gives licenses that hold for every nonce of that chip', async () => {
    const opened = await authority.openJob({ mode: 'standing' });
    const chip = await authority.chip();
    const { body } = await authority.license(opened, chip);
    chip.reset();
    const { terms } = chip.accept(fromBase64url(body.bundle)!, opened.sealed.manifest).license;
    expect(terms).toMatchObject({ mode: 'standing', counterFloor: 5, unitIndex: 0 });
    expect(terms).not.toHaveProperty('nonce');
    const other = await authority.chip();
    expect(() => other.accept(fromBase64url(body.bundle)!, opened.sealed.manifest)).toThrow(
      expect.objectContaining({ code: 'license-device-wrong' }),
    );
  });
});

describe('tokens', () => {
  it('are shown once and listed without their text', async () => {
    const opened = await authority.openJob();
    const { body } = await authority.asOwner('GET', '/v1/tokens');
    const entry = body.tokens.find((token: { tokenId: string }) => token.tokenId === opened.lineTokenId);
    expect(entry).toEqual({
      tokenId: opened.lineTokenId,
      scope: 'line',
      job: opened.job,
      label: 'line 1',
      createdAtMs: authority.nowMs,
      expiresAtMs: authority.nowMs + 30 * 86_400_000,
    });
    expect(JSON.stringify(body)).not.toContain(opened.line.slice(4));
    expect(opened.line).toMatch(/^fsl_[A-Za-z0-9_-]{43}$/);
  });
});
