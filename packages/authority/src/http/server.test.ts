import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenedJob, TestAuthority } from '../../test/running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
/** Set by a test: what happens while the issuer signs. */
let whileSigning: () => Promise<void>;

beforeEach(async () => {
  whileSigning = async () => {};
  authority = await TestAuthority.start();
  const { issuer } = authority.keys;
  const sign = async (message: Uint8Array) => {
    await whileSigning();
    return issuer.sign(message);
  };
  authority.keys = { ...authority.keys, issuer: { ...issuer, sign } };
  await authority.halt();
  await authority.run();
  opened = await authority.openJob({ quota: 1 });
});
afterEach(() => authority.remove());

describe('while a license is being signed', () => {
  it('the store is free: other chips and the owner are served', async () => {
    const seen: number[] = [];
    whileSigning = async () => {
      whileSigning = async () => {};
      seen.push((await authority.license(opened, await authority.chip())).status);
      seen.push((await authority.showJob(opened.job)).units);
    };
    const answer = await authority.license(opened, await authority.chip());
    expect([answer.status, ...seen]).toEqual([200, 409, 1]);
  });

  it('a job that is closed gives no license any more', async () => {
    whileSigning = async () => {
      await authority.asOwner('POST', `/v1/jobs/${opened.job}/close`);
    };
    const answer = await authority.license(opened, await authority.chip());
    expect(answer).toMatchObject({ status: 409, body: { code: 'job-closed' } });
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 0 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('a key that fails leaves the unit, and the repeat gets its license without a further one', async () => {
    const body = await authority.licenseBody(opened, await authority.chip());
    whileSigning = async () => {
      throw new Error('the token was pulled: PIN 1234');
    };
    const failed = await authority.postLicense(opened, body);
    expect(failed).toMatchObject({ status: 500, body: { code: 'internal-error' } });
    expect(JSON.stringify(failed.body)).not.toContain('1234');
    expect(authority.events.at(-1)?.fault?.cause).toMatchObject({
      message: expect.stringContaining('pulled'),
    });
    whileSigning = async () => {};
    const again = await authority.postLicense(opened, body);
    expect(again).toMatchObject({ status: 200, body: { unitIndex: 0, newUnit: false } });
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
  });
});

describe('stop', () => {
  it('lets the request under way end and takes no other', async () => {
    let stopping: Promise<void> | undefined;
    const body = await authority.licenseBody(opened, await authority.chip());
    whileSigning = async () => {
      stopping = authority.stopServing();
    };
    const answer = await authority.postLicense(opened, body);
    expect(answer.status).toBe(200);
    await stopping;
    expect(stopping).toBeDefined();
    await expect(authority.asOwner('GET', '/v1/jobs')).rejects.toThrow();
    expect((await authority.store.logHead()).size).toBeGreaterThan(0); // the store is the caller's to close
  });
});
