// An authority on an older database: what it refuses, what the root can sign, and what is suspended then.

import { makeRestoreStatement, type RestoreStatement } from '@firmseal/approval';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkHead, type HeadFile, keepHead } from '../src/index.ts';
import { signerOf } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
beforeEach(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
});
afterEach(() => authority.remove());

describe('an older database', () => {
  const memory = (): HeadFile & { text: string | undefined } => ({
    text: undefined,
    read() {
      return this.text;
    },
    write(text) {
      this.text = text;
    },
  });

  /** Puts back the database as it was before the last license. */
  async function restored(head: HeadFile) {
    const backup = authority.copyFiles('backup.db');
    await authority.license(opened, await authority.chip());
    await keepHead(authority.store, head);
    await authority.halt();
    authority.path = backup;
    await authority.run();
    return authority.local();
  }

  it('is not served, as long as the owner does not accept it', async () => {
    const head = memory();
    const local = await restored(head);
    await expect(checkHead(local, head)).rejects.toMatchObject({ code: 'database-went-back' });
  });

  /** What the root signs after a loss, of the state of this store. */
  async function signed(more: Partial<RestoreStatement> = {}, root = authority.owner.root) {
    const { size, head } = await authority.store.logHead();
    return makeRestoreStatement(crypto, signerOf(root), {
      ...{ product: authority.owner.product, logSize: size, logHead: head, knownSize: size + 2 },
      ...{ atSeconds: 1_800_000_000, reason: 'a drill', ...more },
    });
  }

  it('that the root did not sign as it is stays out of force', async () => {
    const head = memory();
    const local = await restored(head);
    const with_ = (...statements: Bytes[]) => checkHead(local, head, { statements });
    await expect(with_(await signed({ product: 'other' }))).rejects.toMatchObject({
      code: 'restore-missing',
    });
    const stranger = await signed({}, crypto.generateP256());
    await expect(with_(stranger)).rejects.toMatchObject({ code: 'restore-signature-invalid' });
    for (const more of [{ logHead: crypto.randomBytes(32) }, { logSize: 3 }, { logSize: 999 }])
      await expect(with_(await signed(more))).rejects.toMatchObject({ code: 'restore-wrong' });
    expect((await authority.asOwner('GET', '/v1/jobs')).status).toBe(200);
  });

  it('that went on without the word of the root is a finding, also when an authority skips the check', async () => {
    const head = memory();
    const local = await restored(head);
    const { size } = await authority.store.logHead();
    const forged = await signed({}, crypto.generateP256());
    const fields = {
      known: size + 2,
      size,
      by: 'local',
      product: authority.owner.product,
      statement: forged,
    };
    await local.store.suspendAll(1, { timeMs: authority.nowMs, kind: 'database-restored', fields });
    await authority.newOwnerToken();
    const result = await authority.audit();
    expect(result.findings.map(({ code }) => code)).toEqual(['restore-unsigned']);
    expect(result.notices.map(({ code }) => code)).toContain('database-restored');
  });

  it('that the owner accepts has every token revoked and no approved job, and the audit tells', async () => {
    const head = memory();
    const local = await restored(head);
    const statements = [await signed()];
    const behind = Object.assign(memory(), { text: head.text });
    expect(await checkHead(local, head, { statements })).toBe(true);
    // Another replica, which has noted the lost head too, goes on by the same word.
    const { size } = await authority.store.logHead();
    expect(await checkHead(local, behind, { statements })).toBe(false);
    expect([behind.text, (await authority.store.logHead()).size]).toEqual([head.text, size]);
    expect(await checkHead(local, head)).toBe(false);
    expect((await authority.asOwner('GET', '/v1/jobs')).body.code).toBe('token-refused');
    await authority.newOwnerToken();
    expect(await authority.showJob(opened.job)).toMatchObject({ state: 'open' });
    const body = { job: opened.job, line: (await authority.lineToken(opened.job)).token };
    expect((await authority.license(body, await authority.chip()).catch(() => null))?.status ?? 409).toBe(
      409,
    );
    const result = await authority.audit();
    expect(result.ok).toBe(true);
    expect(result.notices.find(({ code }) => code === 'database-restored')?.detail).toMatch(
      /signed by the root, .*: a drill$/,
    );
  });

  it.each([
    ['a head of another database of the same length', (size: number) => `${size} ${'ab'.repeat(32)}\n`],
    ['nonsense', () => 'nonsense'],
  ])('%s is no head of this one', async (_, text) => {
    const head = memory();
    head.text = text((await authority.store.logHead()).size);
    await expect(checkHead(await authority.local(), head)).rejects.toMatchObject({
      code: 'database-went-back',
    });
  });

  it('is accepted when the log went on, or when nothing was noted yet', async () => {
    const head = memory();
    const local = await authority.local();
    expect(await checkHead(local, head)).toBe(false);
    await keepHead(authority.store, head);
    await authority.install(opened, await authority.chip());
    expect(await checkHead(local, head)).toBe(false);
  });
});
