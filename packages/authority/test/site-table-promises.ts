// What the signer's table promises of sites, on each database that it can be in: `open` and `again` are two
// signers that count in one table.

import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { Fault } from '@firmseal/fault';
import { expect, it } from 'vitest';
import type { SignerDatabase } from '../src/index.ts';
import { SiteTable } from '../src/signer/site-table.ts';

const product = 'pump';
let sites = 0;

export function siteTablePromises(databases: () => readonly [SignerDatabase, SignerDatabase]): void {
  const tables = () => databases().map((one) => new SiteTable(one)) as [SiteTable, SiteTable];
  const newSite = async (cap: number, validUntilMs = 1000) => {
    const site = `site-${sites++}`;
    const change = { product, site, cap, validUntilMs, number: 1 };
    await tables()[0].setCap(change);
    return change;
  };
  const challengeOf = async (site: string, atMs = 1) => {
    const challenge = crypto.randomBytes(32);
    await tables()[0].keepChallenge({ product, site, challenge, endsAtMs: atMs + 100 }, { stops: [], atMs });
    return challenge;
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'certified',
      (fault: Fault) => fault.code,
    );
  const claimOf = (site: string, challenge: Bytes, thumbprint = crypto.randomBytes(32)) => ({
    ...{ product, site, thumbprint, challenge, stops: [], atMs: 1 },
  });
  const sign = async () => crypto.randomBytes(300);
  const countOf = async (site: string) =>
    (await tables()[1].list()).find((one) => one.site === site)?.certified;

  it('a crowd at both signers gets exactly as many certificates as the cap has', async () => {
    const { site } = await newSite(5);
    const challenge = await challengeOf(site);
    const [one, other] = tables();
    const codes = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        codeOf((i % 2 === 0 ? one : other).certify(claimOf(site, challenge), sign)),
      ),
    );
    expect(codes.filter((code) => code === 'certified')).toHaveLength(5);
    expect(codes.filter((code) => code === 'site-cap-used')).toHaveLength(19);
    expect(await countOf(site)).toBe(5);
  });

  it('the same chip gets the same certificate, counted once, however many ask at once', async () => {
    const { site } = await newSite(1);
    const claim = claimOf(site, await challengeOf(site));
    const [one, other] = tables();
    const given = await Promise.all([one, other, one, other].map((table) => table.certify(claim, sign)));
    expect(new Set(given.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1);
    // Also after the challenge and the cap have ended.
    expect(await other.certify({ ...claim, challenge: new Uint8Array(32), atMs: 5000 }, sign)).toEqual(
      given[0],
    );
    expect(await countOf(site)).toBe(1);
    const { site: elsewhere } = await newSite(1);
    expect(await codeOf(one.certify({ ...claim, site: elsewhere }, sign))).toBe('certified-elsewhere');
  });

  it('a key that does not sign costs nothing', async () => {
    const { site } = await newSite(1);
    const claim = claimOf(site, await challengeOf(site));
    const [one] = tables();
    const failing = one.certify(claim, () => Promise.reject(new Error('the token is away')));
    await expect(failing).rejects.toThrow();
    expect(await countOf(site)).toBe(0);
    expect(await codeOf(one.certify(claim, sign))).toBe('certified');
  });

  it('a challenge is of one site and of ten minutes', async () => {
    const [{ site }, { site: other }] = [await newSite(1), await newSite(1)];
    const [one] = tables();
    const challenge = await challengeOf(site);
    const code = 'certifying-challenge-unknown';
    expect(await codeOf(one.certify(claimOf(other, challenge), sign))).toBe(code);
    expect(await codeOf(one.certify({ ...claimOf(site, challenge), product: 'fan' }, sign))).toBe(code);
    expect(await codeOf(one.certify({ ...claimOf(site, challenge), atMs: 102 }, sign))).toBe(code);
    expect(await codeOf(one.certify(claimOf(site, crypto.randomBytes(32)), sign))).toBe(code);
    expect(await codeOf(one.certify(claimOf(site, challenge), sign))).toBe('certified');
  });

  it('a cap is lowered and raised by newer changes alone', async () => {
    const first = await newSite(2);
    const { site } = first;
    const [one, other] = tables();
    const ask = async () => codeOf(challengeOf(site).then((it) => other.certify(claimOf(site, it), sign)));
    expect(await ask()).toBe('certified');
    await one.setCap({ ...first, cap: 1, number: 2 });
    await one.setCap({ ...first, cap: 1, number: 2 });
    expect(await ask()).toBe('site-cap-used');
    for (const change of [first, { ...first, cap: 9, number: 2 }, { ...first, cap: 9, validUntilMs: 9 }])
      expect(await codeOf(other.setCap(change))).toBe('site-change-older');
    expect(await ask()).toBe('site-cap-used');
    await other.setCap({ ...first, cap: 3, number: 7 });
    expect(await ask()).toBe('certified');
    await other.setCap({ ...first, cap: 9, validUntilMs: 0, number: 8 });
    expect(await ask()).toBe('site-expired');
    expect(await codeOf(challengeOf('nowhere'))).toBe('site-not-opened');
    expect(await countOf(site)).toBe(2);
  });
}
